package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// loadSide is runs with a load of three seconds each, of 400 requests that take about as
// long as each other. Runs differ by 3 %.
func loadSide(name string, runs int, latency time.Duration, change ...func(*record.Run)) []*record.Run {
	return loadSideOf(name, runs, func(around func(time.Duration) time.Duration) []runtest.Second {
		same := runtest.Same(400, around(latency))
		return []runtest.Second{same, same, same}
	}, change...)
}

func loadSideOf(name string, runs int, seconds func(around func(time.Duration) time.Duration) []runtest.Second, change ...func(*record.Run)) []*record.Run {
	rng := stat.NewRand(uint64(len(name)) + uint64(name[0]))
	var list []*record.Run
	for i := range runs {
		factor := math.Exp(0.03 * rng.NormFloat64())
		r := loadRun(fmt.Sprintf("%s-%d", name, i), seconds(func(d time.Duration) time.Duration { return time.Duration(factor * float64(d)) })...)
		r.Header.Settings.ClientTimeout = 30 * time.Second
		for _, c := range change {
			c(r)
		}
		list = append(list, r)
	}
	return list
}

// slowFor is a load that is over the limit for so many of eight seconds.
func slowFor(n int) func(func(time.Duration) time.Duration) []runtest.Second {
	return func(around func(time.Duration) time.Duration) []runtest.Second {
		var list []runtest.Second
		for i := range 8 {
			d := 20 * time.Millisecond
			if i < n {
				d = 800 * time.Millisecond
			}
			list = append(list, runtest.Same(400, around(d)))
		}
		return list
	}
}

// loadFailing is a load of which so many requests of each 400 fail.
func loadFailing(n int) func(func(time.Duration) time.Duration) []runtest.Second {
	return func(around func(time.Duration) time.Duration) []runtest.Second {
		s := runtest.Same(400-n, around(100*time.Millisecond))
		s.Failed = map[record.Outcome]int{record.HTTP: n}
		return []runtest.Second{s, s, s}
	}
}

// verdictOn is the judgement with the subject.
func verdictOn(t *testing.T, r *Result, subject string) Judgement {
	t.Helper()
	for _, j := range r.Judgements {
		if j.Subject == subject {
			return j
		}
	}
	t.Fatalf("nothing is judged on %s: %+v", subject, r.Judgements)
	return Judgement{}
}

func TestLoadsAgainstABaseline(t *testing.T) {
	const ms = time.Millisecond
	base := func(runs int) []*record.Run { return loadSide("base", runs, 200*ms) }
	late := func(r *record.Run) { r.Intervals[0].Lateness = 400 * ms }
	down := func(r *record.Run) {
		r.Events = append(r.Events, record.Event{Type: record.TypeEvent, Kind: record.EventWatchDown, At: runtest.LoadBegin, Watched: "pods"})
	}
	busier := func(r *record.Run) {
		for i := range r.Events {
			if e := &r.Events[i]; e.Kind == record.EventInstanceCreated && strings.HasSuffix(e.UID, "-2") {
				e.At = runtest.LoadBegin
			}
		}
	}
	for _, c := range []struct {
		name      string
		base, new []*record.Run
		subject   string
		want      Verdict
		reason    string
	}{
		{"the same", base(5), loadSide("new", 5, 200*ms), "load(50)", Pass, "load(50) is "},
		{"the same: failures", base(5), loadSide("new", 5, 200*ms), "loadFailed", Pass, "loadFailed is 0 points, was 0 points: 0 points (with 95 % confidence at least 0 points, at most 0 points)"},
		{"the same: recovery", base(5), loadSide("new", 5, 200*ms), "recovered", Pass, "recovered is 0s, was 0s"},
		{"the same: instances", base(5), loadSide("new", 5, 200*ms), "instanceSeconds", Pass, "instanceSeconds is 4.0, was 4.0: 0 %"},
		{"slower", base(5), loadSide("new", 5, 300*ms), "load(95)", Fail, "over 5 against 5 runs of 1200; tolerance 2"},
		{"slower within the tolerance", base(5), loadSide("new", 5, 220*ms), "load(95)", Pass, "tolerance 2"},
		{"more failures", loadSideOf("base", 5, loadFailing(0)), loadSideOf("new", 5, loadFailing(12)), "loadFailed", Fail, "loadFailed is 3 points, was 0 points: +3 points"},
		{"a few more failures", loadSideOf("base", 5, loadFailing(0)), loadSideOf("new", 5, loadFailing(2)), "loadFailed", Pass, "+0.5 points"},
		{"a longer recovery", loadSideOf("base", 5, slowFor(1)), loadSideOf("new", 5, slowFor(3)), "recovered", Fail, "recovered is 3.00s, was 1.00s: +2.00s"},
		{"no recovery", loadSideOf("base", 5, slowFor(1)), loadSideOf("new", 5, slowFor(8)), "recovered", Fail, "recovered is >8.00s, was 1.00s: at least +7.00s"},
		{"none on both sides", loadSideOf("base", 5, slowFor(8)), loadSideOf("new", 5, slowFor(8)), "recovered", Inconclusive, "let them last longer"},
		{"more instances", base(5), loadSide("new", 5, 200*ms, busier), "instanceSeconds", Fail, "instanceSeconds is 6.0, was 4.0: +50 %"},

		{"no baseline", nil, loadSide("new", 5, 200*ms), "load(50)", Inconclusive, "there is no baseline"},
		{"one against one", base(1), loadSide("new", 1, 2*time.Second), "load(50)", Inconclusive, "1 against 1 runs show nothing; it takes 3 against 3"},
		{"one against one, the same", base(1), loadSide("new", 1, 200*ms), "loadFailed", Inconclusive, "1 against 1 runs show nothing"},
		{"three against three", base(3), loadSide("new", 3, 300*ms), "load(50)", Inconclusive, "among 5 comparisons it takes 5 against 5 runs to show one"},
		{"few requests", base(5), loadSideOf("new", 5, func(func(time.Duration) time.Duration) []runtest.Second {
			return []runtest.Second{runtest.Same(9, 200*ms)}
		}), "load(95)", Inconclusive, "load(95) takes 10 requests a run; one has 9"},
		{"few requests, none of which failed", base(5), loadSideOf("new", 5, func(func(time.Duration) time.Duration) []runtest.Second {
			return []runtest.Second{runtest.Same(10, 200*ms)}
		}), "loadFailed", Inconclusive, "0 of 50 requests failed, which may be 5.82 % of them"},
		{"quicker but for one that never recovered", loadSideOf("base", 5, slowFor(7)),
			append(loadSideOf("new", 4, slowFor(1)), loadSideOf("worst", 1, slowFor(8))...), "recovered", Inconclusive, "some loads had not recovered when they ended"},

		{"a late client", base(5), loadSide("new", 5, 200*ms, late), "load(50)", Invalid, "run new-0: the client was late"},
		{"a late baseline", loadSide("base", 5, 200*ms, late), loadSide("new", 5, 200*ms), "load(95)", Invalid, "baseline: run base-0: the client was late"},
		{"most failed", loadSideOf("base", 5, loadFailing(60)), loadSideOf("new", 5, loadFailing(60)), "load(50)", Invalid, "180 of 1200 requests failed or were not sent"},
		{"unwatched", base(5), loadSide("new", 5, 200*ms, down), "instanceSeconds", Invalid, "the watch of pods was down"},
		{"another rate", base(5), loadSide("new", 5, 200*ms, func(r *record.Run) { r.Header.Settings.Rate = "50/s" }), "load(50)", Invalid, "settings.rate is 50/s, was unset"},
		{"a search", base(5), loadSide("new", 5, 200*ms, func(r *record.Run) { r.Header.Settings.UntilFailure = true }), "load(50)", Invalid, ""},
		{"cut off", base(5), loadSide("new", 5, 200*ms, func(r *record.Run) { r.End = nil }), "load(50)", Invalid, "was cut off"},
		{"a baseline without a load", loadSide("base", 5, 200*ms, func(r *record.Run) { r.Intervals, r.Events = nil, nil }), loadSide("new", 5, 200*ms), "load(50)", Invalid, "run base-0 has 0 loads on runc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := JudgeRegression(c.base, c.new, Options{})
			if err != nil {
				t.Fatal(err)
			}
			j := verdictOn(t, r, c.subject)
			if j.Verdict != c.want || !strings.Contains(j.Reason, c.reason) || j.RuntimeClass != "runc" || j.Services != 1 || len(r.Judgements) != 5 {
				t.Errorf("want %s with %q: %s %s", c.want, c.reason, j.Verdict, j.Reason)
			}
			if r.Verdict == Pass && c.want != Pass || c.want == Fail && r.Verdict != Fail {
				t.Errorf("the verdict is %s", r.Verdict)
			}
			if r.Verdict != Invalid && c.base != nil && j.Power == nil {
				t.Error("the verdict does not state its power")
			}
		})
	}
}

// The numbers are in the units that they are said to be in.
func TestChangesOfLoads(t *testing.T) {
	r, err := JudgeRegression(loadSideOf("base", 5, slowFor(1)), loadSideOf("new", 5, slowFor(3)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := verdictOn(t, r, "recovered").Difference; d == nil || d.Base != 1e9 || d.New != 3e9 || d.Value != 2e9 || d.Tolerance != 1e9 || d.BaseUnits != 5 {
		t.Errorf("%+v", d)
	}
	if d := verdictOn(t, r, "loadFailed").Difference; d == nil || d.Base != 0 || d.Tolerance != mostMoreFailedOfLoad {
		t.Errorf("%+v", d)
	}
	c := verdictOn(t, r, "instanceSeconds").Change
	if c == nil || c.Base.Latency.Round(time.Millisecond) != 14*time.Second || c.Tolerance < 0.0999 || c.Tolerance > 0.1001 {
		t.Errorf("%+v", c)
	}
}

// A class whose load is only in the baseline is no pass.
func TestALoadThatIsGone(t *testing.T) {
	base := loadSide("base", 5, 200*time.Millisecond)
	for _, r := range base {
		class, begun := r.Header.Classes[0], r.Intervals[0]
		class.Name, begun.RuntimeClass, begun.Service = "gvisor", "gvisor", "cs-gvisor"
		r.Header.Classes, r.Intervals = append(r.Header.Classes, class), append(r.Intervals, begun)
		r.End.Intervals++
	}
	r, err := JudgeRegression(base, loadSide("new", 5, 200*time.Millisecond), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != Inconclusive || len(r.Judgements) != 10 || !strings.Contains(r.Judgements[9].Reason, "in the baseline and was not measured") {
		t.Errorf("%s: %+v", r.Verdict, r.Judgements)
	}
	if r, err = JudgeRegression(loadSide("new", 5, 200*time.Millisecond), base, Options{}); err != nil || len(r.Warnings) == 0 || !strings.HasPrefix(r.Warnings[len(r.Warnings)-1].Message, "a load on gvisor: the baseline does not have it") {
		t.Errorf("%v: %+v", err, r)
	}
	if _, err := JudgeRegression(side(5, 30, time.Second, 1), loadSide("new", 5, time.Second), Options{}); err == nil || !strings.Contains(err.Error(), "new runs have a load on runc, the baseline runc") {
		t.Errorf("got %v", err)
	}
}

// A folder's loads are a baseline of loads, and not of starts.
func TestLoadsAreChosen(t *testing.T) {
	new := loadSide("new", 1, 200*time.Millisecond)
	candidateOf := func(r *record.Run) Candidate {
		r.Header.Started = r.Header.Started.Add(-time.Hour)
		return Candidate{File: r.Header.RunID, Header: r.Header, Ending: Ending(r), Cells: RunCells(r)}
	}
	var candidates []Candidate
	for _, r := range loadSide("base", 3, 200*time.Millisecond) {
		candidates = append(candidates, candidateOf(r))
	}
	late := loadSide("late", 1, 200*time.Millisecond, func(r *record.Run) { r.Intervals[0].Lateness = time.Second })[0]
	candidates = append(candidates, candidateOf(late), candidateOf(side(1, 30, time.Second, 1)[0]))
	c := Choose(candidates, new, 10, Conditions{})
	if len(c.Taken) != 3 || len(c.Left) != 2 {
		t.Errorf("%+v", c)
	}
	for _, left := range c.Left {
		if !strings.Contains(left.Reason, "the client was late") && !strings.Contains(left.Reason, "it measured something else: command") {
			t.Errorf("%+v", left)
		}
	}
}

// How many loads it takes is not told from starts that there are none of.
func TestLoadsAreNotCalibrated(t *testing.T) {
	if c, err := Calibrate(loadSide("base", 5, 200*time.Millisecond), Goal{}, Options{}); err == nil || !strings.Contains(err.Error(), "the runs have no starts") {
		t.Errorf("%+v, %v", c, err)
	}
}

// loadEntry is the gate against a baseline of loads whose requests come from a world, of
// which 0.5 % fail, that recover after about 3 s and use instances that vary by 5 %.
func loadEntry(w world, d design) entry {
	o := Options{}.withDefaults()
	perms := stat.NewPermutations(d.baseRuns, d.newRuns, 2000, 1)
	return entry{gate: "baseline of loads", world: w.name, design: d.String(), often: 4, judge: func(worse float64, rng *rand.Rand) Verdict {
		list := ofLoads(o)
		observeWorld := func(runs, requests int, factor float64, into func(*comparison, observation)) {
			for range runs {
				starts := w.run(requests, factor, 0, rng).Latencies()
				figures := map[Metric]float64{
					LoadFailed:      0.01 * rng.Float64(),
					Recovered:       float64(time.Duration(math.Round(3*factor*math.Exp(0.2*rng.NormFloat64()))) * time.Second),
					InstanceSeconds: 100 * factor * math.Exp(0.05*rng.NormFloat64()),
				}
				for i := range list {
					c := &list[i]
					if c.quantile > 0 {
						figures[LoadPercentile] = float64(starts.Quantile(c.quantile).Latency)
					}
					into(c, observation{value: c.scale.of(figures[c.metric])})
				}
			}
		}
		observeWorld(d.baseRuns, d.base, 1, func(c *comparison, o observation) { c.base = append(c.base, o) })
		observeWorld(d.newRuns, d.new, 1+worse, func(c *comparison, o observation) { c.new = append(c.new, o) })
		for i := range list {
			list[i].perms, list[i].samples, list[i].limit = perms, min(d.base, d.new), math.Inf(1)
		}
		measureAll(list, o)
		result := newResult(nil)
		for i := range list {
			result.add(list[i].Judgement)
		}
		return result.Verdict
	}}
}
