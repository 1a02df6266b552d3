package gate

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// side is runs of one class with samples around a median.
func side(runs, samples int, median time.Duration, seed uint64, changes ...func(*record.Run)) []*record.Run {
	var list []*record.Run
	for i := range runs {
		r := runtest.New(fmt.Sprintf("%d-%d", seed, i), "runc").
			Draw("runc", samples, runtest.LogNormal(seed*100+uint64(i), median, 0.2)).Run()
		for _, change := range changes {
			change(r)
		}
		list = append(list, r)
	}
	return list
}

func kernel(version string) func(*record.Run) {
	return func(r *record.Run) { r.Header.Cluster.Kernel = version }
}

// timedOut makes every n-th sample of a run one that timed out.
func timedOut(n int) func(*record.Run) {
	return func(r *record.Run) {
		for i := range r.Samples {
			if i%n == 0 {
				runtest.TimedOut(&r.Samples[i])
			}
		}
	}
}

func TestJudgeRegression(t *testing.T) {
	median := Options{Quantiles: []float64{0.5}}
	for _, c := range []struct {
		name      string
		base, new []*record.Run
		options   Options
		want      Verdict
		reason    string
		notice    string
	}{
		{name: "the same", base: side(5, 30, time.Second, 1), new: side(5, 30, time.Second, 2), want: Pass, reason: "p50 is "},
		{name: "slower by half", base: side(5, 30, time.Second, 1), new: side(5, 30, 1500*time.Millisecond, 2), want: Fail, reason: "over 5 against 5 runs of 30; tolerance 10 %"},
		{name: "slower within the tolerance", base: side(8, 100, time.Second, 1), new: side(8, 100, 1080*time.Millisecond, 2), want: Pass, options: median, notice: "within the tolerance"},
		{name: "slower by less than 50 ms", base: side(5, 50, 100*time.Millisecond, 1), new: side(5, 50, 140*time.Millisecond, 2), want: Pass, options: median, notice: "within the tolerance", reason: "tolerance 5"},
		{name: "faster", base: side(5, 30, time.Second, 1), new: side(5, 30, 700*time.Millisecond, 2), want: Pass, options: median, notice: "improvement: faster by "},
		{name: "a wide tolerance", base: side(5, 30, time.Second, 1), new: side(5, 30, 1500*time.Millisecond, 2), options: Options{Tolerance: Tolerance{Share: 1}}, want: Pass, notice: "within the tolerance"},

		{name: "no baseline", new: side(5, 30, time.Second, 2), want: Inconclusive, reason: "there is no baseline"},
		{name: "too few runs", base: side(2, 30, time.Second, 1), new: side(2, 30, 9*time.Second, 2), options: median, want: Inconclusive, reason: "2 against 2 runs show nothing; it takes 3 against 3"},
		{name: "too few runs for two", base: side(3, 30, time.Second, 1), new: side(3, 30, 9*time.Second, 2), want: Inconclusive, reason: "it takes 4 against 4"},
		{name: "too few samples", base: side(5, 30, time.Second, 1), new: side(5, 4, 9*time.Second, 2), options: median, want: Inconclusive, reason: "p50 takes 5 proven cold starts a run; one has 4"},
		{name: "too many timeouts", base: side(5, 30, time.Second, 1, timedOut(2)), new: side(5, 30, time.Second, 2, timedOut(2)), options: Options{Quantiles: []float64{0.95}}, want: Inconclusive, reason: "timed out"},
		{name: "timeouts show it", base: side(5, 30, time.Second, 1), new: side(5, 30, time.Second, 2, timedOut(2)), options: Options{Quantiles: []float64{0.95}}, want: Fail, reason: "p95 is >100s, was "},

		{name: "another kernel", base: side(5, 30, time.Second, 1), new: side(5, 30, time.Second, 2, kernel("7")), want: Invalid, reason: "the baseline is from other conditions: kernel is 7, was 6.1.0"},
		{name: "one run of another kernel", base: append(side(5, 30, time.Second, 1), side(1, 30, time.Second, 3, kernel("5"))...), new: side(5, 30, time.Second, 2), want: Invalid},
		{name: "another kernel, forced", base: side(5, 30, time.Second, 1), new: side(5, 30, time.Second, 2, kernel("7")), options: Options{Conditions: Conditions{Force: true}}, want: Pass},
		{name: "the kernel is under test", base: side(5, 30, time.Second, 1), new: side(5, 30, time.Second, 2, kernel("7")), options: Options{Conditions: Conditions{Expected: []string{"kernel"}}}, want: Pass},
		{name: "warm", base: side(5, 30, time.Second, 1), new: append(side(5, 30, time.Second, 2), steady(60, runtest.Coldness(record.Warm))), want: Invalid, reason: "not proven cold"},
		{name: "the baseline was late", base: append(side(5, 30, time.Second, 1), steady(60, runtest.Late(time.Minute))), new: side(5, 30, time.Second, 2), want: Invalid, reason: "baseline: the client was late"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := JudgeRegression(c.base, c.new, c.options)
			if err != nil {
				t.Fatal(err)
			}
			j := r.Judgements[0]
			if r.Verdict != c.want || !strings.Contains(j.Reason, c.reason) || !strings.Contains(j.Notice, c.notice) || (c.notice == "") != (j.Notice == "") {
				t.Errorf("%s: %+v", r.Verdict, j)
			}
			if r.Verdict != Invalid && c.base != nil && j.Power == nil {
				t.Error("the verdict does not state its power")
			}
			if c.options.Force && len(r.Warnings) != 1 {
				t.Errorf("warnings are %v", r.Warnings)
			}
		})
	}
}

func TestRegressionIsTheSameEachTime(t *testing.T) {
	base, new := side(5, 30, time.Second, 1), side(5, 30, 1200*time.Millisecond, 2)
	first, err := JudgeRegression(base, new, Options{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := JudgeRegression(base, new, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
}

// Runs of different sizes: the p99 of the larger is not compared with the
// maximum of the smaller.
func TestRegressionOfRunsOfDifferentSizes(t *testing.T) {
	failed := 0
	for seed := range uint64(40) {
		r, err := JudgeRegression(side(5, 50, time.Second, 2*seed+1), side(5, 500, time.Second, 2*seed+2), Options{Quantiles: []float64{0.99}})
		if err != nil {
			t.Fatal(err)
		}
		if r.Judgements[0].Change.SamplesPerUnit != 50 {
			t.Fatalf("compared as %+v", r.Judgements[0].Change)
		}
		if r.Verdict == Fail {
			failed++
		}
	}
	if failed > 6 {
		t.Errorf("%d of 40 comparisons of the same distribution fail", failed)
	}
}

// Runs of 100 and of 10 starts are made equal: the first starts of the longer run are
// compared, and the same distribution rarely fails.
func TestUnequalSizesAreMadeEqual(t *testing.T) {
	c := ofStarts(0.5)
	c.take([]start.List{heavyWorld.run(100, 1, 0, stat.NewRand(1))}, []start.List{heavyWorld.run(10, 1, 0, stat.NewRand(2))})
	if c.base[0].of.N() != 10 || c.new[0].of.N() != 10 || c.samples != 10 {
		t.Errorf("compared %d with %d", c.new[0].of.N(), c.base[0].of.N())
	}
	const rounds = 300
	for _, d := range []design{{10, 100, 3, 10}, {3, 10, 10, 100}} {
		if seen := baselineEntry(heavyWorld, d, 0.95).tallied(0, rounds, 3); seen[Fail] > bound(rounds) {
			t.Errorf("%s: %d of %d fail", d, seen[Fail], rounds)
		}
	}
}

func TestRegressionErrors(t *testing.T) {
	gvisor := []*record.Run{runtest.New("g", "gvisor").Add("gvisor", 1, time.Second).Run()}
	for _, c := range []struct {
		name      string
		base, new []*record.Run
		options   Options
		want      string
	}{
		{"no new runs", side(3, 9, time.Second, 1), nil, Options{}, "the runs have no samples"},
		{"nothing in common", gvisor, side(3, 9, time.Second, 1), Options{}, "new runs have runc, the baseline gvisor"},
		{"quantile", gvisor, side(3, 9, time.Second, 1), Options{Quantiles: []float64{95}}, "quantile 95"},
		{"tolerance", gvisor, side(3, 9, time.Second, 1), Options{Tolerance: Tolerance{Share: -1}}, "tolerance"},
		{"a copy", side(3, 9, time.Second, 1), side(3, 9, time.Second, 1), Options{}, `run "1-0" is given twice`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := JudgeRegression(c.base, c.new, c.options); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := JudgeRegression(gvisor, side(3, 9, time.Second, 1), Options{}); !errors.Is(err, ErrNothingToJudge) {
		t.Errorf("got %v", err)
	}
}

// A class that the baseline does not have is no reason to hold back what can be
// judged; a warning says that it was not.
func TestRegressionOfANewClass(t *testing.T) {
	var new []*record.Run
	for i := range 5 {
		new = append(new, runtest.New(fmt.Sprint(i), "runc", "crun").
			Draw("runc", 30, runtest.LogNormal(uint64(i)+50, 2*time.Second, 0.2)).
			Draw("crun", 30, runtest.LogNormal(uint64(i)+90, time.Second, 0.2)).Run())
	}
	r, err := JudgeRegression(side(5, 30, time.Second, 1), new, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != Fail || len(r.Judgements) != 2 || len(r.Warnings) != 1 || !strings.HasPrefix(r.Warnings[0].Message, "crun: the baseline does not have it") {
		t.Errorf("judged %+v", r)
	}
}

func TestJudgeBoth(t *testing.T) {
	threshold, err := ParseThreshold("med<1500ms")
	if err != nil {
		t.Fatal(err)
	}
	late := func(r *record.Run) { runtest.Coldness(record.Unknown)(&r.Samples[0]) }
	r, err := (&File{Thresholds: []Threshold{threshold}, Regression: &Options{}}).Judge(side(8, 60, time.Second, 1, late), side(8, 60, time.Second, 2))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Judgements) != 3 || r.Verdict != Pass || len(r.Warnings) != 1 || r.Warnings[0].Code != analysis.NotCold {
		t.Errorf("judged %+v", r)
	}
}

// The power that a verdict states is the power it has: against the same gate on
// fresh runs with the same noise.
func TestPowerIsTrue(t *testing.T) {
	const rounds = 200
	w := world{draw: quiet, between: 0.05}
	var base, new []start.List
	for i := range 60 { // many runs, so that the noise is well known
		one := w.run(30, 1, 0, stat.NewRand(uint64(i)))
		if i%2 == 0 {
			base = append(base, one)
		} else {
			new = append(new, one)
		}
	}
	c := ofStarts(0.5)
	c.take(base, new)
	c.measure(Options{}.withDefaults())
	test := newTrial(noiseOf(&c, 1), 5, 5, 30, 1, math.Log1p(0.10), 1)
	gate := baselineEntry(w, equal(5, 30), 0.5)
	for _, worse := range []float64{0.15, 0.25} {
		found := gate.tallied(worse, rounds, 9)[Fail]
		if said, is := test.caught(math.Log1p(worse)), float64(found)/rounds; said-is > 0.12 || is-said > 0.12 {
			t.Errorf("+%g: says %.2f, is %.2f", worse, said, is)
		}
	}
	found := gate.tallied(0, rounds, 9)[Pass]
	if said, is := test.passed(0), float64(found)/rounds; said-is > 0.12 || is-said > 0.12 {
		t.Errorf("what is the same: says that %.2f pass, %.2f do", said, is)
	}
}
