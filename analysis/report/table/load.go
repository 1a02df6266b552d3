package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Loads says how long the requests of each load took.
func Loads(s *analysis.Summary) *Table {
	t := New("load on", "rate", " due", " failed", " p50", " p95", " p99", " max", " recovered").
		Spare(sparedOfLoads(s)...)
	for i := range s.Loads {
		l := &s.Loads[i]
		cells := append([]string{loadName(l, s), l.Rate, fmt.Sprint(l.Due), loadFailed(l.Counts)}, quantiles(l.Quantiles, l.Due > 0 && l.Broken == "")...)
		t.Row(append(cells, recovered(l))...)
	}
	return t.orNil()
}

// sparedOfLoads are the columns that can be left out. The steps of a search are told apart by
// their rates.
func sparedOfLoads(s *analysis.Summary) []string {
	if slices.ContainsFunc(s.Loads, func(l load.Load) bool { return l.Step }) {
		return []string{"max", "p95", "recovered"}
	}
	return []string{"max", "p95", "rate", "recovered"}
}

// loadName is the class of a load, and its run where there are several.
func loadName(l *load.Load, s *analysis.Summary) string {
	if len(s.Runs) == 1 {
		return l.Key().String()
	}
	return l.Key().String() + ", run " + l.RunID
}

// loadFailed prints the failures with their causes.
func loadFailed(c load.Counts) string {
	n := c.Failures()
	if n == 0 {
		return "0"
	}
	causes := Causes(c.Failed)
	switch {
	case c.Dropped > 0 && causes != "":
		causes += fmt.Sprintf(", %d dropped", c.Dropped)
	case c.Dropped > 0:
		causes = fmt.Sprintf("%d dropped", c.Dropped)
	}
	return fmt.Sprintf("%d (%s)", n, causes)
}

// quantiles are the cells of latencies, if they are known.
func quantiles(q load.Quantiles, known bool) []string {
	if !known {
		return []string{None, None, None, None}
	}
	return []string{q.P50.String(), q.P95.String(), q.P99.String(), q.Max.String()}
}

// recovered is how long it took until p99 of a second was under the limit again.
func recovered(l *load.Load) string {
	r := l.Recovery
	switch {
	case l.Due == 0 || l.Broken != "":
		return None
	case r.Never:
		return "never"
	case len(r.Episodes) == 0:
		return "at once"
	case len(r.Episodes) == 1:
		return "after " + stat.Format(r.Longest)
	}
	return fmt.Sprintf("after %s, %d times", stat.Format(r.Longest), len(r.Episodes))
}

// Scaling says how the service of each load was scaled.
func Scaling(s *analysis.Summary) *Table {
	t := New("instances of", " wanted", " requested", " alive", " ready", " overshoot", " instance-seconds", " waited", " their p50", " their max", "panic mode", " back at zero").
		Spare("their p50", "their max", "waited", "panic mode", "requested", "instance-seconds", "alive")
	for i := range s.Loads {
		l := &s.Loads[i]
		in := l.Instances
		waited, p50, longest := None, None, None
		if l.Waited.Told > 0 {
			waited = fmt.Sprint(l.Waited.Requests)
		}
		if l.Waited.Requests > 0 {
			p50, longest = stat.Format(l.Waited.P50), stat.Format(l.Waited.Max)
		}
		t.Row(loadName(l, s), fmt.Sprint(in.Peak.Wanted), fmt.Sprint(in.Peak.Requested), fmt.Sprint(in.Peak.Alive), fmt.Sprint(in.Peak.Ready),
			fmt.Sprint(in.Overshoot), fmt.Sprintf("%.0f", float64(in.Seconds)), waited, p50, longest, panicMode(l.Panic), backAtZero(in))
	}
	return t.orNil()
}

// backAtZero is how long the service took, and when the autoscaler wanted it to.
func backAtZero(in load.Instances) string {
	switch {
	case in.BackAtZero == nil:
		return None
	case in.WantedZero == nil:
		return stat.Format(*in.BackAtZero)
	}
	return fmt.Sprintf("%s, wanted after %s", stat.Format(*in.BackAtZero), stat.Format(*in.WantedZero))
}

// panicMode is from when to when the autoscaler was in its panic mode.
func panicMode(p load.Panic) string {
	switch {
	case !p.Known:
		return "unknown"
	case len(p.Episodes) == 0:
		return "never"
	}
	var list []string
	for _, e := range p.Episodes {
		from := stat.Format(max(0, e.From))
		if e.To == nil {
			list = append(list, "from "+from+" on")
			continue
		}
		list = append(list, from+" to "+stat.Format(*e.To))
	}
	return strings.Join(list, ", ")
}

// loadNote explains both tables.
func loadNote(s *analysis.Summary) string {
	note := "Latency counts from when a request was due; one that failed, or was dropped because too many were under way, is slower than any. " +
		"Recovered: the longest time until p99 of a second was under " + stat.Format(s.Loads[0].Recovery.Limit) + " again. " +
		"Wanted to ready: the most of each at one moment, wanted by the autoscaler and requested by the deployment; overshoot: what the autoscaler wanted at most over what it wanted when the load ended; " +
		"instance-seconds: from the begin of the load to its end; back at zero: after the load, and when the autoscaler wanted that. "
	note += panicNote(s)
	for i := range s.Loads {
		if w := s.Loads[i].Waited; w.Told < s.Loads[i].Answered {
			return note + "Not every answer named its instance, so that it is not known of all requests whether they waited for one."
		}
	}
	return note + "Waited: requests that were sent before the instance that answered them was Ready."
}

// panicNote says why it is not known whether the autoscaler was in its panic mode.
func panicNote(s *analysis.Summary) string {
	var reasons []string
	for i := range s.Loads {
		if p := s.Loads[i].Panic; !p.Known && p.Unknown != "" && !slices.Contains(reasons, p.Unknown) {
			reasons = append(reasons, p.Unknown)
		}
	}
	if len(reasons) == 0 {
		return "Panic mode: in times since the load began. "
	}
	return "Panic mode is not known: " + Plain(strings.Join(reasons, "; ")) + ". "
}

// Seconds has a row for each second of each load.
func Seconds(s *analysis.Summary) *Table {
	t := New("load on", " second", " due", " failed", " p50", " p95", " p99", " max", " wanted", " requested", " ready", " answering", " waited")
	for i := range s.Loads {
		l := &s.Loads[i]
		for k := range l.Seconds {
			sec := &l.Seconds[k]
			cells := append([]string{loadName(l, s), fmt.Sprint(sec.Second), fmt.Sprint(sec.Due), loadFailed(sec.Counts)}, quantiles(sec.Quantiles, sec.Due > 0)...)
			t.Row(append(cells, fmt.Sprint(sec.Wanted), fmt.Sprint(sec.Requested), fmt.Sprint(sec.Ready), fmt.Sprint(sec.Answering), fmt.Sprint(sec.Waited))...)
		}
	}
	return t.orNil()
}
