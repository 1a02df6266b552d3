package history

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// daily is a run of that day, of n starts around the median.
func daily(day, n int, median time.Duration, changes ...func(*record.Run)) Source {
	r := runtest.New(fmt.Sprintf("run-%02d", day), "runc").Draw("runc", n, runtest.LogNormal(uint64(day+1), median, 0.1)).Run()
	r.Header.Started = r.Header.Started.AddDate(0, 0, day)
	for _, change := range changes {
		change(r)
	}
	return Source{File: r.Header.RunID + ".jsonl", Run: r}
}

func historyOf(t *testing.T, o Options, sources ...Source) *History {
	t.Helper()
	if o.Quantile == 0 {
		o.Quantile = 0.5
	}
	b, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		b.Add(s)
	}
	h, err := b.History()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A step of a quarter, whatever the order in which the runs are given.
func TestAStepIsFound(t *testing.T) {
	var sources []Source
	for day := 19; day >= 0; day-- {
		median := time.Second
		if day >= 12 {
			median = 1250 * time.Millisecond
		}
		sources = append(sources, daily(day, 20, median))
	}
	h := historyOf(t, Options{}, sources...)
	if len(h.Series) != 1 || len(h.Series[0].Changes) != 1 || len(h.Apart) != 0 {
		t.Fatalf("%+v", h)
	}
	c := h.Series[0].Changes[0]
	if c.At != 12 || c.LastBefore != "run-11" || c.FirstAfter != "run-12" || c.RunsBefore != 12 || c.RunsAfter != 8 {
		t.Errorf("%+v", c)
	}
	if c.P > 0.01 || math.Abs(float64(c.Ratio.Value)-1.25) > 0.05 || c.Ratio.Low > 1.25 || c.Ratio.High < 1.25 || c.Ratio.Low < 1.1 {
		t.Errorf("p = %g, ratio %+v", c.P, c.Ratio)
	}
	if again := historyOf(t, Options{}, sources...); !cmp.Equal(h, again) {
		t.Error("another look at the same runs says something else")
	}
}

// What cannot be compared is not in one series, and what cannot be used in none.
func TestWhatStandsApart(t *testing.T) {
	interrupted := func(r *record.Run) { r.End.Reason = record.EndInterrupted }
	cut := func(r *record.Run) { r.End = nil }
	timeless := func(r *record.Run) { r.Header.Started = time.Time{} }
	warm := func(r *record.Run) {
		for i := range r.Samples {
			r.Samples[i].Cold = record.Warm
		}
	}
	kernel := func(r *record.Run) { r.Header.Cluster.Kernel = "6.2" }
	image := func(r *record.Run) { r.Header.Classes[0].ImageDigest = "sha256:1" }
	empty := func(r *record.Run) { r.Samples, r.End.Samples = nil, 0 }
	h := historyOf(t, Options{Expected: []string{"imageDigest"}},
		daily(0, 20, time.Second), daily(1, 20, time.Second, interrupted), daily(2, 20, time.Second, cut), daily(3, 20, time.Second, timeless),
		daily(4, 20, time.Second, warm), daily(5, 20, time.Second, kernel), daily(6, 20, time.Second, image), daily(7, 4, time.Second),
		daily(8, 20, time.Second, empty), daily(9, 100, time.Second), daily(10, 8, time.Second))
	var got []string
	for _, a := range h.Apart {
		got = append(got, a.RunID+": "+a.Reason)
	}
	for _, s := range h.Series {
		for _, a := range s.Apart {
			got = append(got, a.RunID+": "+a.Reason)
		}
		var points []string
		for _, p := range s.Points {
			points = append(points, p.RunID)
		}
		got = append(got, fmt.Sprintf("%s: first %d of %s, differs in %d", s.Key, s.SamplesPerRun, strings.Join(points, ", "), len(s.Differs)))
	}
	want := []string{
		"run-01: it was interrupted", "run-02: it was cut off", "run-03: its header does not say when it began", "run-08: it has no samples",
		"run-04: 20 of 20 samples are not proven cold (20 warm, 0 unknown), more than 10 %",
		"run-07: it has 4 starts, and it takes 10 to stand beside the others", "run-10: it has 8 starts, and it takes 10 to stand beside the others",
		"runc: first 20 of run-00, run-06, run-09, differs in 0",
		"runc: first 20 of run-05, differs in 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Failures rank above all: a percentile that lies among them is over the limit, and so
// is the change.
func TestAChangeToFailures(t *testing.T) {
	var sources []Source
	for day := range 12 {
		sources = append(sources, daily(day, 20, time.Second, func(r *record.Run) {
			for i := range r.Samples {
				if day >= 6 && i%5 < 3 {
					runtest.TimedOut(&r.Samples[i])
				}
			}
		}))
	}
	h := historyOf(t, Options{}, sources...)
	if len(h.Series[0].Changes) != 1 {
		t.Fatalf("%+v", h.Series[0].Changes)
	}
	c := h.Series[0].Changes[0]
	if c.At != 6 || !c.After.Over || !c.Ratio.Over || !math.IsInf(float64(c.Ratio.High), 1) || c.Ratio.Low < 50 {
		t.Errorf("%+v", c)
	}
}

func TestWhatIsNoHistory(t *testing.T) {
	if _, err := New(Options{Quantile: 1}); err == nil {
		t.Error("a quantile of 1")
	}
	b, err := New(Options{Quantile: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.History(); !errors.Is(err, ErrNoRuns) {
		t.Errorf("no runs: %v", err)
	}
	b.Add(daily(1, 5, time.Second))
	b.Add(daily(1, 5, time.Second))
	if _, err := b.History(); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("a copy: %v", err)
	}
}

func TestDivide(t *testing.T) {
	step := func(levels ...float64) []float64 {
		var values []float64
		for i, level := range levels {
			for j := range 8 {
				values = append(values, level+0.01*float64((7*j+3*i)%5))
			}
		}
		return values
	}
	for name, c := range map[string]struct {
		values []float64
		want   []int
	}{
		"none":                 {nil, nil},
		"one run":              {[]float64{1}, nil},
		"too few":              {[]float64{1, 1, 1, 1, 2, 2, 2, 2}, nil},
		"just enough":          {[]float64{1, 1.01, 1, 1.01, 2, 2.01, 2, 2.01, 2}, []int{4}},
		"all the same":         {make([]float64, 20), nil},
		"a step":               {step(1, 2), []int{8}},
		"up and down again":    {step(1, 2, 1), []int{8, 16}},
		"two steps":            {step(1, 2, 3), []int{8, 16}},
		"a single outlier":     {append(step(1, 1), 9), nil},
		"one in the beginning": {append([]float64{9}, step(1, 1)...), nil},
		"two of many":          {append(step(1, 1, 1), 2, 2.01), []int{24}},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[int]bool{}
			for _, s := range divide(c.values, 1) {
				got[s.at] = true
			}
			want := map[int]bool{}
			for _, at := range c.want {
				want[at] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The sums that grow run by run are those of the formula.
func TestSplitsAreThoseOfTheFormula(t *testing.T) {
	rng := stat.NewRand(4)
	values := make([]float64, 17)
	for i := range values {
		values[i] = rng.NormFloat64() + float64(i/9)
	}
	var want splits
	for at := leastStretch; at <= len(values)-leastStretch; at++ {
		for end := at + leastStretch; end <= len(values); end++ {
			x, y := values[:at], values[at:end]
			n, m := float64(len(x)), float64(len(y))
			one := split{at: at, q: n * m / (n + m) * (2*mean(x, y) - meanWithin(x) - meanWithin(y))}
			want.free.replace(one, 0)
			if end == len(values) {
				want.whole.replace(one, 0)
			}
		}
	}
	var s search
	s.of(make([]float64, 30)) // leaves its table behind
	got := s.of(values)
	if got.whole.at != want.whole.at || got.free.at != want.free.at || math.Abs(got.whole.q-want.whole.q)+math.Abs(got.free.q-want.free.q) > 1e-9 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func mean(x, y []float64) float64 {
	var sum float64
	for _, a := range x {
		for _, b := range y {
			sum += math.Abs(a - b)
		}
	}
	return sum / float64(len(x)*len(y))
}

func meanWithin(x []float64) float64 {
	return mean(x, x) * float64(len(x)) / float64(len(x)-1)
}
