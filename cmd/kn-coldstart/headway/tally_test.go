package headway

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/hist"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
	"github.com/kn-coldstart/kn-coldstart/loadgen/self"
)

// clock is moved by hand.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) now() time.Time { return c.at }

func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }

func sampleOf(latency time.Duration, outcome record.Outcome) record.Sample {
	return record.Sample{RuntimeClass: "runc", Service: "s", Outcome: outcome, Cold: record.Proven, ResponseLatency: latency}
}

// starts tells of cold starts that each took so long, the first one of which warms caches.
func starts(t *Tally, c *clock, n, of int, each time.Duration) {
	t.See(experiment.Warming{})
	for i := range n {
		c.pass(each)
		s := sampleOf(each, record.OK)
		s.Discarded = i == 0
		t.See(experiment.SampleTaken{Done: i + 1, Total: of, Sample: s})
	}
}

func TestStarts(t *testing.T) {
	c := newClock()
	counts := New("single", c.now)
	counts.See(experiment.Progress{Task: "deploying", Done: 1, Total: 3})
	if got := counts.State(); got.Task == nil || *got.Task != (Task{"deploying", 1, 3}) || got.Done != 0 || got.SecondsLeft != nil {
		t.Errorf("before the first start: %+v", got)
	}
	starts(counts, c, 10, 31, 2*time.Second)
	counts.See(experiment.SampleTaken{Done: 11, Total: 31, Sample: sampleOf(9*time.Second, record.Timeout)})
	got := counts.State()
	if got.Task != nil || got.Done != 11 || got.Planned != 31 || got.Failed != 1 {
		t.Errorf("%+v", got)
	}
	if want := 9.0 / 16; got.RatePerSecond != want {
		t.Errorf("rate %v, want %v", got.RatePerSecond, want)
	}
	if want := 36.0; got.SecondsLeft == nil || *got.SecondsLeft != want {
		t.Errorf("%v left, want %v", got.SecondsLeft, want)
	}
	if l := got.Latest; l == nil || l.Outcome != record.Timeout || l.Latency != 9*time.Second || l.Cold != record.Proven {
		t.Errorf("latest %+v", l)
	}
	c.pass(100 * time.Second) // one that is awaited for long
	if later := counts.State(); later.RatePerSecond >= got.RatePerSecond/2 {
		t.Errorf("rate %v after 100 s in which nothing ended", later.RatePerSecond)
	}
	counts.See(experiment.Progress{Task: "removing", Done: 1, Total: 3})
	if got := counts.State(); got.Task == nil || got.RatePerSecond != 0 || got.SecondsLeft != nil {
		t.Errorf("while something else goes on: %+v", got)
	}
}

// The rate is that of the latest starts: what warms caches is sent together.
func TestRateForgets(t *testing.T) {
	c := newClock()
	counts := New("single", c.now)
	starts(counts, c, 50, 100, time.Millisecond)
	for i := range recentEnds {
		c.pass(time.Second)
		counts.See(experiment.SampleTaken{Done: 51 + i, Total: 100, Sample: sampleOf(time.Second, record.OK)})
	}
	if got := counts.State().RatePerSecond; got < 0.99 || got > 1.06 {
		t.Errorf("rate %v, want 1", got)
	}
}

// The traced starts after all others are counted anew.
func TestPartsFollowOneAnother(t *testing.T) {
	c := newClock()
	counts := New("single", c.now)
	starts(counts, c, 5, 5, time.Second)
	counts.See(experiment.SampleTaken{Done: 1, Total: 10, Sample: sampleOf(time.Second, record.OK)})
	if got := counts.State(); got.Done != 1 || got.Planned != 10 || got.RatePerSecond != 0 {
		t.Errorf("%+v", got)
	}
}

func TestBudgetBoundsWhatIsLeft(t *testing.T) {
	c := newClock()
	counts := New("ab", c.now)
	counts.Within(time.Minute)
	starts(counts, c, 10, 1000, time.Second)
	got := counts.State()
	if got.SecondsLeft == nil || *got.SecondsLeft != 50 || !strings.Contains(got.Status(200), "at most 50s left") {
		t.Errorf("%v left: %q", got.SecondsLeft, got.Status(200))
	}
}

func TestRounds(t *testing.T) {
	c := newClock()
	counts := New("scale", c.now)
	plan := experiment.RoundPlan{Key: record.Key{RuntimeClass: "runc", Services: 10}}
	instances := record.InstanceCount{Spawned: 7}
	counts.See(experiment.RoundPlanned{Number: 1, Of: 4, Plan: plan})
	c.pass(10 * time.Second)
	if got := counts.State(); got.Round != nil || got.SecondsLeft != nil {
		t.Errorf("before the first request: %+v", got)
	}
	counts.See(experiment.RoundFiring{Plan: plan, Instances: func() record.InstanceCount { return instances }})
	instances = record.InstanceCount{Spawned: 12, Alive: 5, Ready: 3}
	c.pass(2 * time.Second)
	for i, outcome := range []record.Outcome{record.OK, record.OK, record.Reset} {
		counts.See(experiment.SampleTaken{Done: i + 1, Total: 40, Sample: sampleOf(time.Second, outcome)})
	}
	got := counts.State()
	want := &Round{RuntimeClass: "runc", Services: 10, Spawned: 5, Ready: 3, Answered: 2, Failed: 1}
	if diff := cmp.Diff(want, got.Round); diff != "" || got.RatePerSecond != 1.5 || got.Failed != 1 {
		t.Errorf("rate %v, failed %d %s", got.RatePerSecond, got.Failed, diff)
	}
	counts.See(experiment.RoundFired{})
	c.pass(3 * time.Second)
	if got := counts.State(); got.SecondsLeft == nil || *got.SecondsLeft != 33 || got.RatePerSecond != 0 {
		t.Errorf("%v left after a round of 12 s and 3 s, want 33; rate %v", got.SecondsLeft, got.RatePerSecond)
	}
}

func TestARoundThatASearchPlansHasNoTimeLeft(t *testing.T) {
	c := newClock()
	counts := New("scale", c.now)
	counts.See(experiment.RoundPlanned{Number: 1})
	counts.See(experiment.RoundFiring{Instances: func() record.InstanceCount { return record.InstanceCount{} }})
	counts.See(experiment.RoundFired{})
	c.pass(time.Second)
	if got := counts.State(); got.SecondsLeft != nil {
		t.Errorf("%v left", *got.SecondsLeft)
	}
}

// interval is a second of a load in which so many requests were answered after a latency.
func interval(t *testing.T, second, answered int, latency time.Duration) record.Interval {
	t.Helper()
	h, err := hist.New("x")
	for range answered {
		if err == nil {
			err = h.Record(latency)
		}
	}
	var log strings.Builder
	if err == nil {
		err = hist.WriteLog(&log, time.Now(), h)
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(log.String())
	line := lines[len(lines)-1]
	return record.Interval{RuntimeClass: "runc", Second: second, Sent: answered + 1, Answered: answered,
		Failed: map[record.Outcome]int{record.Reset: 1}, Dropped: 2, Latencies: line[strings.LastIndex(line, ",")+1:]}
}

func TestLoad(t *testing.T) {
	c := newClock()
	counts := New("load", c.now)
	counts.See(experiment.SampleTaken{Done: 1, Total: 1, Sample: sampleOf(time.Second, record.OK)}) // warms caches
	counts.See(experiment.LoadBegun{Rate: "100/s", Length: time.Minute})
	c.pass(5 * time.Second)
	if got := counts.State(); got.Done != 0 || got.Load != nil || *got.SecondsLeft != 55 {
		t.Errorf("before the first second is complete: %+v", got)
	}
	for second := range 2 * seconds {
		counts.See(experiment.LoadSecond{Interval: interval(t, second, 10*(second+1), 30*time.Millisecond), Instances: record.InstanceCount{Alive: 3, Ready: 2}})
	}
	got := counts.State()
	last := 2*seconds - 1
	want := &Load{RuntimeClass: "runc", Second: last, Requests: 10*(last+1) + 3, Failed: 3, Alive: 3, Ready: 2}
	if got.Load == nil || got.Load.P99 < 30*time.Millisecond || got.Load.P99 > 31*time.Millisecond {
		t.Fatalf("%+v", got.Load)
	}
	want.P99 = got.Load.P99
	if diff := cmp.Diff(want, got.Load); diff != "" || got.RatePerSecond != float64(want.Requests) || got.Failed != 3*2*seconds || len(got.p99s) != seconds {
		t.Errorf("rate %v, %d failed, %d seconds are drawn %s", got.RatePerSecond, got.Failed, len(got.p99s), diff)
	}
	counts.See(experiment.LoadEnded{})
	if got := counts.State(); got.SecondsLeft != nil || got.RatePerSecond != 0 {
		t.Errorf("a load that has ended: %+v", got)
	}
}

func TestWork(t *testing.T) {
	c := newClock()
	counts := New("work", c.now)
	counts.See(experiment.WorkBegun{})
	counts.See(experiment.WorkDone{Done: 1, Total: 4, Work: record.Work{RuntimeClass: "runc", Program: "redis", Begun: 1, Ended: 3, Outcome: record.Error}})
	got := counts.State()
	if got.Done != 1 || got.Failed != 1 || got.Latest.Program != "redis" || got.Latest.Latency != 2 {
		t.Errorf("%+v of %+v", got.Latest, got)
	}
}

// The names of the fields are part of the command line.
func TestFields(t *testing.T) {
	left := 3.0
	text, err := json.Marshal(State{Ended: true, Task: &Task{Planned: 1}, Planned: 1, RatePerSecond: 1, SecondsLeft: &left,
		Latest: &Latest{Variant: "v", Service: "s", Program: "p", Cold: record.Proven, Discarded: true}, Round: &Round{}, Load: &Load{}})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if inner, ok := fields[name].(map[string]any); ok {
			name += "{" + strings.Join(slices.Sorted(maps.Keys(inner)), " ") + "}"
		}
		got = append(got, name)
	}
	want := []string{"done", "ended", "experiment", "failed", "latest{cold discarded latencyNs outcome program runtimeClass service variant}",
		"load{alive failed p99Ns ready requests runtimeClass second}", "planned", "ratePerSecond",
		"round{answered failed ready runtimeClass services spawned}", "secondsLeft", "task{done name planned}", "time", "type"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What does not fit is left out as a whole, the least important first.
func TestStatusFitsTheWidth(t *testing.T) {
	c := newClock()
	counts := New("single", c.now)
	starts(counts, c, 10, 31, 2*time.Second)
	const want = "10/31 done · 0 failed · 30/min · about 42s left · 2.00s █ 2.00s"
	whole := counts.State().Status(80)
	if whole != want {
		t.Errorf("%q, want %q", whole, want)
	}
	for width := range 80 {
		got := counts.State().Status(width)
		if table.Columns(got) > width || !strings.HasPrefix(whole, got) || strings.HasSuffix(got, "·") {
			t.Errorf("of %d columns: %q", width, got)
		}
	}
}

func TestSpread(t *testing.T) {
	var s spread
	if got := s.draw(8); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	for range 70 {
		s.add(time.Second)
	}
	for range 10 {
		s.add(2 * time.Second)
	}
	if got, want := s.draw(8), "█   ▂"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	s.add(0)
	s.add(10 * time.Hour) // beyond what there are classes for
	if got := s.draw(8); table.Columns(got) > 8 || !strings.HasPrefix(got, "▁") {
		t.Errorf("from nothing to hours: %q", got)
	}
	if s.min != 1 || s.max != 10*time.Hour {
		t.Errorf("from %v to %v", s.min, s.max)
	}
}

func TestTexts(t *testing.T) {
	for rate, want := range map[float64]string{1234: "1234/s", 10: "10/s", 2.5: "2.5/s", 0.5: "30/min", 0.1: "6.0/min", 0.001: "3.6/h"} {
		if got := rateText(rate); got != want {
			t.Errorf("%v: %q, want %q", rate, got, want)
		}
	}
	for left, want := range map[time.Duration]string{90 * time.Second: "1m30s", 61*time.Minute + 20*time.Second: "1h1m", 0: "0s"} {
		if got := leftText(left); got != want {
			t.Errorf("%v: %q, want %q", left, got, want)
		}
	}
}

// reportCPU reports the CPU time of each iteration, which tells more than the time on a
// machine that does other things, too.
func reportCPU(b *testing.B) (done func()) {
	before := self.CPUTime()
	return func() { b.ReportMetric(float64(self.CPUTime()-before)/float64(b.N), "cpu-ns/op") }
}

// What the goroutines that measure are delayed by.
func BenchmarkSee(b *testing.B) {
	counts := New("single", time.Now)
	n := experiment.SampleTaken{Done: 1, Total: 1, Sample: sampleOf(time.Second, record.OK)}
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		counts.See(n)
	}
}

// What a redraw costs beside the writing, on a goroutine of its own.
func BenchmarkStatus(b *testing.B) {
	counts := New("single", time.Now)
	for i := range 100 {
		counts.See(experiment.SampleTaken{Done: i, Total: 100, Sample: sampleOf(time.Duration(i+1)*50*time.Millisecond, record.OK)})
	}
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		if counts.State().Status(80) == "" {
			b.Fatal(fmt.Errorf("no status"))
		}
	}
}
