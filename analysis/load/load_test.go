package load_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

const (
	ms    = time.Millisecond
	limit = 500 * ms
)

// one is the only load of a run.
func one(t *testing.T, r *record.Run) load.Load {
	t.Helper()
	loads := analysis.Summarise(r).Loads
	if len(loads) != 1 {
		t.Fatalf("%d loads", len(loads))
	}
	return loads[0]
}

func TestCountsAndQuantiles(t *testing.T) {
	bad := runtest.Same(90, 20*ms)
	bad.Failed, bad.Dropped = map[record.Outcome]int{record.HTTP: 4, record.Timeout: 1}, 5
	l := one(t, runtest.New("r", "runc").Load("runc", limit, runtest.Same(100, 10*ms), bad, runtest.Same(100, 30*ms)).Run())
	want := load.Counts{Due: 300, Answered: 290, Dropped: 5, Failed: map[record.Outcome]int{record.HTTP: 4, record.Timeout: 1}}
	if diff := cmp.Diff(want, l.Counts); diff != "" || l.Failures() != 10 || l.Rate != "100/s" || l.Broken != "" {
		t.Errorf("%s %+v", diff, l)
	}
	quantiles := func(q load.Quantiles) string { return fmt.Sprint(q.P50, " ", q.P95, " ", q.P99, " ", q.Max) }
	if got := quantiles(l.Quantiles); got != "20.0ms 30.0ms a failure a failure" {
		t.Errorf("over all: %s", got)
	}
	if got := quantiles(l.Seconds[1].Quantiles); got != "20.0ms a failure a failure a failure" {
		t.Errorf("of the second with failures: %s", got)
	}
	if got := l.Quantile(0.9).String(); got != "30.0ms" {
		t.Errorf("p90 %s", got)
	}
}

func TestRecovery(t *testing.T) {
	good, slow, none := runtest.Same(100, 10*ms), runtest.Same(100, limit), runtest.Second{}
	failing := runtest.Same(98, 10*ms)
	failing.Failed = map[record.Outcome]int{record.Reset: 2}
	for name, test := range map[string]struct {
		seconds  []runtest.Second
		episodes []load.Episode
		longest  time.Duration
		never    bool
	}{
		"never over":        {seconds: []runtest.Second{good, good}},
		"a cold start":      {seconds: []runtest.Second{slow, slow, good}, episodes: []load.Episode{{0, 1}}, longest: 2 * time.Second},
		"two":               {seconds: []runtest.Second{slow, good, failing, slow, slow, good}, episodes: []load.Episode{{0, 0}, {2, 4}}, longest: 3 * time.Second},
		"a pause in one":    {seconds: []runtest.Second{slow, none, slow, good}, episodes: []load.Episode{{0, 2}}, longest: 3 * time.Second},
		"a pause after one": {seconds: []runtest.Second{slow, none, none, good, none}, episodes: []load.Episode{{0, 2}}, longest: 3 * time.Second},
		"never again":       {seconds: []runtest.Second{good, slow, none}, episodes: []load.Episode{{1, 1}}, longest: time.Second, never: true},
	} {
		t.Run(name, func(t *testing.T) {
			got := one(t, runtest.New("r", "runc").Load("runc", limit, test.seconds...).Run()).Recovery
			want := load.Recovery{Limit: limit, Episodes: test.episodes, Longest: test.longest, Never: test.never}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInstances(t *testing.T) {
	l := one(t, runtest.New("r", "runc").Load("runc", limit, runtest.Same(10, ms), runtest.Same(10, ms), runtest.Same(10, ms), runtest.Same(10, ms), runtest.Same(10, ms)).Run())
	zero, wanted := 40*time.Second, 9*time.Second
	want := load.Instances{
		Peak: load.Scale{Wanted: 3, Requested: 3, Alive: 2, Ready: 2}, Last: load.Scale{Wanted: 2, Requested: 3, Alive: 2, Ready: 2},
		Overshoot: 1, Seconds: 5 + 3, WantedZero: &wanted, BackAtZero: &zero,
	}
	if diff := cmp.Diff(want, l.Instances); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var scales []load.Scale
	for _, s := range l.Seconds {
		scales = append(scales, s.Scale)
	}
	if diff := cmp.Diff([]load.Scale{{3, 1, 1, 1}, {3, 3, 2, 1}, {2, 3, 2, 2}, {2, 3, 2, 2}, {2, 3, 2, 2}}, scales); diff != "" {
		t.Errorf("by second (-want +got):\n%s", diff)
	}
}

func TestWaited(t *testing.T) {
	first := runtest.Same(10, 20*ms)
	first.Latencies[0], first.Latencies[1] = 900*ms, 700*ms
	first.Waited = first.Latencies[:2]
	l := one(t, runtest.New("r", "runc").Load("runc", limit, first, runtest.Same(10, 20*ms)).Run())
	if w := l.Waited; w.Told != 20 || w.Requests != 2 || w.P50.Round(ms) != 700*ms || w.Max.Round(ms) != 901*ms && w.Max.Round(ms) != 900*ms {
		t.Errorf("waited %+v", w)
	}
}

// Two classes, and two runs, have loads of their own.
func TestLoadsStayApart(t *testing.T) {
	run := func(id string) *record.Run {
		return runtest.New(id, "runc", "gvisor").Load("gvisor", limit, runtest.Same(10, ms)).Load("runc", limit, runtest.Same(20, ms)).Run()
	}
	s := analysis.Summarise(run("a"), run("b"))
	var got []string
	for _, l := range s.Loads {
		got = append(got, fmt.Sprint(l.RunID, " ", l.Key(), " ", l.Due, " ", l.Instances.Peak.Alive))
	}
	if diff := cmp.Diff([]string{"a gvisor 10 1", "a runc 20 1", "b gvisor 10 1", "b runc 20 1"}, got); diff != "" {
		t.Error(diff)
	}
	if len(s.Cells) != 0 || len(s.Warnings) != 0 {
		t.Errorf("cells %v, warnings %v", s.Cells, s.Warnings)
	}
}

// A load whose intervals contradict themselves says so, and has no quantiles that
// somebody could believe.
func TestBroken(t *testing.T) {
	for why, damage := range map[string]func(*record.Run){
		"is there twice":          func(r *record.Run) { r.Intervals[1].Second = 0 },
		"50 at most":              func(r *record.Run) { r.Intervals[0].Answered = 50 },
		"read histogram":          func(r *record.Run) { r.Intervals[0].Latencies = "AAAA" },
		"has 100 values, and 101": func(r *record.Run) { r.Intervals[0].Answered = 101 },
	} {
		r := runtest.New("r", "runc").Load("runc", limit, runtest.Same(100, 10*ms), runtest.Same(100, 10*ms), runtest.Second{}).Run()
		damage(r)
		l := one(t, r)
		if !strings.Contains(l.Broken, why) || l.P99.Latency != 0 {
			t.Errorf("got %q, want %q; p99 %s", l.Broken, why, l.P99)
		}
		if w := analysis.Summarise(r).Warnings; len(w) == 0 || w[0].Code != analysis.IncompleteFile {
			t.Errorf("warnings %v", w)
		}
	}
}

// Requests of a load that are written down by themselves are in no figure of cold starts.
func TestSelectedSamplesCountNowhere(t *testing.T) {
	b := runtest.New("r", "runc").Load("runc", limit, runtest.Same(10, ms))
	b.Add("runc", 1, time.Second, runtest.Discarded, func(s *record.Sample) { s.Selected = record.SelectedSlowest })
	b.Add("runc", 1, 0, runtest.TimedOut, runtest.Discarded, func(s *record.Sample) { s.Selected = record.SelectedFailed })
	s := analysis.Summarise(b.Run())
	if len(s.Cells) != 0 || s.Discarded != 0 || len(s.Loads) != 1 || len(s.Warnings) != 0 {
		t.Errorf("cells %+v, %d discarded, %d loads, warnings %v", s.Cells, s.Discarded, len(s.Loads), s.Warnings)
	}
}

// What is used counts from the begin of the load to its end, and the second half is told by
// itself.
func TestUse(t *testing.T) {
	l := one(t, runtest.New("r", "runc").Load("runc", limit, runtest.Same(10, ms), runtest.Same(10, ms), runtest.Same(10, ms), runtest.Same(10, ms)).Run())
	want := load.Use{
		InstanceCPU: 3 * time.Second, NodeCPU: 6 * time.Second, CPUs: 2, NodeShare: 0.75, SettledShare: 0.75,
		InstanceMemory: 40 << 20, NodeMemory: 1 << 30,
	}
	if diff := cmp.Diff(want, l.Use); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPanic(t *testing.T) {
	const begin = runtest.LoadBegin
	event := func(kind record.Kind, at time.Duration, value float64) record.Event {
		return record.Event{Kind: kind, At: begin + at, RuntimeClass: "runc", Service: "cs-runc", Value: value, Message: "no metrics"}
	}
	mode := func(at time.Duration, value float64) record.Event { return event(record.EventPanicMode, at, value) }
	unread := func(at time.Duration) record.Event { return event(record.EventPanicUnread, at, 0) }
	const s = time.Second
	ended := func(from, to time.Duration) load.PanicEpisode { return load.PanicEpisode{From: from, To: &to} }
	for name, test := range map[string]struct {
		events []record.Event
		want   load.Panic
	}{
		"nothing is told":            {nil, load.Panic{}},
		"never":                      {[]record.Event{mode(-s, 0)}, load.Panic{Known: true}},
		"not read":                   {[]record.Event{unread(-s)}, load.Panic{Unknown: "no metrics"}},
		"read later":                 {[]record.Event{unread(-s), mode(s, 1)}, load.Panic{Known: true, Episodes: []load.PanicEpisode{{From: s}}}},
		"twice, and before":          {[]record.Event{mode(-5*s, 1), mode(-s, 0), mode(s, 1), mode(s+ms, 0), mode(2*s, 1), mode(99*s, 0)}, load.Panic{Known: true, Episodes: []load.PanicEpisode{ended(s, s+ms), ended(2*s, 99*s)}}},
		"only after it":              {[]record.Event{mode(-s, 0), mode(90*s, 1), mode(99*s, 0)}, load.Panic{Known: true}},
		"as the load begins already": {[]record.Event{mode(-s, 1), mode(s, 0)}, load.Panic{Known: true, Episodes: []load.PanicEpisode{ended(-s, s)}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := runtest.New("r", "runc").Load("runc", limit, runtest.Same(10, ms), runtest.Same(10, ms), runtest.Same(10, ms)).Run()
			r.Events = slices.DeleteFunc(r.Events, func(e record.Event) bool { return e.Kind == record.EventPanicMode })
			r.Events = append(r.Events, test.events...)
			if diff := cmp.Diff(test.want, one(t, r).Panic); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Several loads on one service, one after the other, are told apart.
func TestSteps(t *testing.T) {
	b := runtest.New("r", "runc").Load("runc", limit, runtest.Same(10, ms), runtest.Same(10, 3*ms))
	r := b.Load("runc", limit, runtest.Same(20, 5*ms)).Run()
	r.Header.Settings.UntilFailure = true
	loads := analysis.Summarise(r).Loads
	if len(loads) != 2 || loads[0].Due != 20 || loads[1].Due != 20 || loads[0].Begin == loads[1].Begin || !loads[1].Step || loads[0].Broken+loads[1].Broken != "" {
		t.Fatalf("%d loads: %+v", len(loads), loads)
	}
	if got := loads[0].Settled; got.Due != 10 || got.P50.String() != "3.00ms" || got.Quantile(0.5) != got.P50 {
		t.Errorf("the second half: %+v", got)
	}
}

func TestBound(t *testing.T) {
	quick := runtest.Same(100, ms)
	refused, wrong, late := runtest.Same(90, ms), runtest.Same(90, ms), quick
	refused.Failed, wrong.Failed, late.Lateness = map[record.Outcome]int{record.Reset: 6, record.HTTP: 4}, map[record.Outcome]int{record.HTTP: 10}, 80*ms
	scale := func(kind record.Kind, value float64) func(*record.Run) {
		return func(r *record.Run) {
			r.Events = append(r.Events, record.Event{At: runtest.LoadBegin + 3900*ms, Kind: kind, RuntimeClass: "runc", Service: "cs-runc", Value: value})
		}
	}
	for name, test := range map[string]struct {
		second runtest.Second
		change func(*record.Run)
		bound  load.Bound
		seen   string
	}{
		"nothing else":  {quick, nil, load.BoundFunction, "all 2 instances that the autoscaler wanted were Ready; 2 processors were busy to 75 %"},
		"wrong answers": {wrong, nil, load.BoundFunction, "20 answers had a wrong status"},
		"late client":   {late, nil, load.BoundClient, "it sent requests up to 80.0ms late, which is most of the latency"},
		"resets":        {refused, nil, load.BoundIngress, "it refused or reset the connections of 12 requests of 200"},
		"too few":       {quick, scale(record.EventScaleWanted, 9), load.BoundAutoscaler, "it wanted 9 instances, and 2 were Ready"},
		"no more":       {quick, func(r *record.Run) { r.Header.Settings.MaxScale = 2 }, load.BoundAutoscaler, "it wanted 2 instances, which is as many as there may be"},
		"busy": {late, func(r *record.Run) {
			for i := range r.Resources {
				r.Resources[i].CPU = r.Resources[i].CPU * 13 / 10
			}
		}, load.BoundProcessor, "2 processors were busy to 98 %"},
		"read once": {quick, func(r *record.Run) {
			r.Resources = slices.DeleteFunc(r.Resources, func(u record.Resource) bool { return u.At > runtest.LoadBegin-3*time.Second })
		}, load.BoundFunction, "how busy the processors were is not known"},
		"one of two nodes read once": {quick, func(r *record.Run) {
			r.Resources = append(r.Resources, record.Resource{Scope: record.ScopeNode, Node: "other", At: runtest.LoadBegin, CPUs: 2, CPU: time.Second})
		}, load.BoundFunction, "how busy the processors were is not known"},
		"nothing read": {quick, func(r *record.Run) { r.Resources = nil }, load.BoundFunction, "how busy the processors were is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			r := runtest.New("r", "runc").Load("runc", limit, quick, quick, test.second, test.second).Run()
			if test.change != nil {
				test.change(r)
			}
			l := one(t, r)
			if bound, seen := l.Bound(); bound != test.bound || !strings.Contains(seen, test.seen) {
				t.Errorf("%s: %s", bound, seen)
			}
		})
	}
}
