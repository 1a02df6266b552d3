package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Metrics of a load are facts about it. Its requests depend on one another, because they
// are served by the same instances, so that thousands of them bound nothing beyond the
// load. Where several runs have one, each of them has to meet the threshold.

// OfLoad says that the threshold is about loads, and not about starts.
func (t Threshold) OfLoad() bool {
	m, known := metricOf(t.Metric)
	return known && m.measure != nil
}

func (t Threshold) measureLoadQuantile(l *load.Load) (float64, string) {
	p := l.Quantile(t.Quantile)
	seen := fmt.Sprintf("p%s of %d requests is %s", number(100*t.Quantile), l.Due, p)
	if p.Failed {
		return math.Inf(1), seen
	}
	return float64(p.Latency), seen
}

func (t Threshold) measureLoadFailed(l *load.Load) (float64, string) {
	share := float64(l.Failures()) / float64(l.Due)
	return share, fmt.Sprintf("%d of %d requests failed or were not sent (%s)", l.Failures(), l.Due, percent(share))
}

func (t Threshold) measureRecovered(l *load.Load) (float64, string) {
	r := l.Recovery
	limit := stat.Format(r.Limit)
	switch {
	case r.Never:
		return math.Inf(1), fmt.Sprintf("p99 of a second was not under %s when the load ended", limit)
	case len(r.Episodes) == 0:
		return 0, fmt.Sprintf("p99 of every second was under %s", limit)
	}
	return float64(r.Longest), fmt.Sprintf("p99 of a second was not under %s for %s", limit, stat.Format(r.Longest))
}

func (t Threshold) measureOvershoot(l *load.Load) (float64, string) {
	in := l.Instances
	return float64(in.Overshoot), fmt.Sprintf("the autoscaler wanted %d instances at most, and %d when the load ended", in.Peak.Wanted, in.Last.Wanted)
}

func (t Threshold) measureInstanceSeconds(l *load.Load) (float64, string) {
	used := float64(l.Instances.Seconds)
	return used, fmt.Sprintf("%.0f instance-seconds were used", used)
}

// judgeLoads judges each class that the threshold selects, unless the runs must not be
// judged.
func (t Threshold) judgeLoads(loads []load.Load, refused Judgement) []Judgement {
	oneService := func(l *load.Load) record.Key {
		k := l.Key()
		k.Services = 1
		return k
	}
	return judgeEach(t, loads, oneService, refused, t.judgeLoad)
}

// judgeEach judges what there is of each key that the threshold selects, in the order of
// their first mention, unless the runs must not be judged. Where there are several of a key,
// each is judged by itself, and the one that is judged worst decides, or of those that are
// judged alike the one with the greatest value: less is better of all of them.
func judgeEach[T any](t Threshold, all []T, key func(*T) record.Key, refused Judgement, judge func(one *T, of int) (Judgement, float64)) []Judgement {
	var keys []record.Key
	of := map[record.Key][]*T{}
	for i := range all {
		k := key(&all[i])
		if !t.Selects(k) {
			continue
		}
		if of[k] == nil {
			keys = append(keys, k)
		}
		of[k] = append(of[k], &all[i])
	}
	var list []Judgement
	for _, k := range keys {
		j := refused
		if refused.Verdict == "" {
			j = worst(of[k], judge)
		}
		j.Key, j.Subject = k, t.subject()
		list = append(list, j)
	}
	return list
}

func worst[T any](all []*T, judge func(one *T, of int) (Judgement, float64)) Judgement {
	decides, greatest := judge(all[0], len(all))
	for _, one := range all[1:] {
		j, value := judge(one, len(all))
		if graver := j.Verdict.severity() - decides.Verdict.severity(); graver > 0 || graver == 0 && value > greatest {
			decides, greatest = j, value
		}
	}
	return decides
}

// judgeLoad judges one of several loads of a class, and returns the value that it went by.
func (t Threshold) judgeLoad(l *load.Load, of int) (Judgement, float64) {
	j := Judgement{Kind: SLO}
	m, _ := metricOf(t.Metric)
	if reason := unusable(l, m); reason != "" {
		j.Verdict, j.Reason = Invalid, reason
		return j, 0
	}
	value, seen := m.measure(t, l)
	j.Reason = seen
	if of > 1 {
		j.Reason += fmt.Sprintf(", in the worst of %d runs", of)
	}
	t.decideLoad(&j, m, l, value)
	return j, value
}

// searched is why the loads of a search are not judged.
const searched = "the run searched for the highest rate: its loads are steps of that, of which some had to fail"

// unusable says why a load must not be judged; empty if it may.
func unusable(l *load.Load, m metric) string {
	switch {
	case l.Step:
		return searched
	case l.Broken != "":
		return "the intervals of the load cannot be believed: " + l.Broken
	case l.Due == 0:
		return "no request of the load was due"
	case l.CutOff > 0:
		return fmt.Sprintf("%d requests of the load were cut off", l.CutOff)
	case l.End == 0:
		return "the load was cut off"
	case m.name == Recovered && l.Recovery.Limit == 0:
		return "the run has no limit that p99 was to be under"
	case m.unit == count:
		return unshown(l, m)
	}
	return ""
}

// unshown says why the instances of a load must not be judged; empty if they may. Few of them
// are no merit where little was seen of them, or little was asked.
func unshown(l *load.Load, m metric) string {
	in := l.Instances
	switch {
	case m.name == Overshoot && in.Peak.Wanted == 0:
		return "nothing tells of the instances that the autoscaler wanted"
	case m.name == InstanceSeconds && in.Peak.Alive == 0:
		return "nothing tells of the instances of the service"
	case len(in.Unwatched) > 0:
		return fmt.Sprintf("the watch of %s was down during the load, so that not all instances may have been seen", strings.Join(in.Unwatched, " and of "))
	case float64(l.Failures()) > mostFailed*float64(l.Due):
		return fmt.Sprintf("%d of %d requests failed or were not sent, more than %s: the instances are not those that the load takes", l.Failures(), l.Due, percent(mostFailed))
	case clientLate(l):
		return sayLate(l)
	}
	return ""
}

// mostLateSeconds is the share of seconds in which the client may be late.
const mostLateSeconds = 0.05

func clientLate(l *load.Load) bool {
	return float64(l.LateSeconds) > mostLateSeconds*float64(len(l.Seconds))
}

func sayLate(l *load.Load) string {
	return fmt.Sprintf("the client was late in %d of %d seconds, %s at most", l.LateSeconds, len(l.Seconds), stat.Format(l.Lateness))
}

// decideLoad decides from the value of the worst load. What a late client adds to a
// latency can only make it fail.
func (t Threshold) decideLoad(j *Judgement, m metric, l *load.Load, value float64) {
	late := m.unit == latency && clientLate(l)
	needed := leastSeen
	if m.name == LoadPercentile {
		needed = max(needed, stat.SamplesNeeded(t.Quantile, stat.Confidence))
	}
	switch {
	case !t.holds(value) && late:
		j.Verdict = Invalid
		j.Reason += "; " + sayLate(l)
	case !t.holds(value):
		j.Verdict = Fail
	case l.Due < needed:
		j.Verdict = Inconclusive
		j.Reason += fmt.Sprintf("; to pass on it takes %d requests, and there are %d", needed, l.Due)
	default:
		j.Verdict = Pass
		j.Reason += "; that describes this load alone and bounds nothing beyond it"
	}
}

func hasLoad(s *analysis.Summary, runID string, k record.Key) bool {
	return slices.ContainsFunc(s.Loads, func(l load.Load) bool { return l.RunID == runID && l.Key() == k })
}

func loadNames(s *analysis.Summary) string {
	var names []string
	for i := range s.Loads {
		if name := "a load on " + s.Loads[i].Key().String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "no load"
	}
	return strings.Join(names, ", ")
}
