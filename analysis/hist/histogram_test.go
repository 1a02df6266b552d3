package hist

import (
	"math"
	"testing"
	"time"
)

func mustNew(t *testing.T, tag string) *Histogram {
	t.Helper()
	h, err := New(tag)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func recordAll(t *testing.T, h *Histogram, latencies ...time.Duration) {
	t.Helper()
	for _, l := range latencies {
		if err := h.Record(l); err != nil {
			t.Fatal(err)
		}
	}
}

// near says that two latencies agree to the histogram's three digits.
func near(got, want time.Duration) bool {
	return math.Abs(float64(got-want)) <= float64(want)/1000+float64(Lowest)
}

func TestQuantile(t *testing.T) {
	h := mustNew(t, "runc")
	for ms := 1; ms <= 100; ms++ {
		recordAll(t, h, time.Duration(ms)*time.Millisecond)
	}
	for _, test := range []struct {
		q    float64
		want time.Duration
	}{
		{0, time.Millisecond},
		{0.005, time.Millisecond},
		{0.29, 29 * time.Millisecond},
		{0.5, 50 * time.Millisecond},
		{0.501, 51 * time.Millisecond},
		{0.57, 57 * time.Millisecond},
		{0.95, 95 * time.Millisecond},
		{0.99, 99 * time.Millisecond},
		{1, 100 * time.Millisecond},
	} {
		if got, censored := h.Quantile(test.q); censored || !near(got, test.want) {
			t.Errorf("quantile %v: got %v, censored %v, want %v", test.q, got, censored, test.want)
		}
	}
}

func TestQuantileOfWholeRange(t *testing.T) {
	for _, want := range []time.Duration{
		time.Microsecond, 1234 * time.Nanosecond, time.Millisecond, 739_123_456, 52 * time.Second, time.Hour,
	} {
		h := mustNew(t, "")
		recordAll(t, h, want)
		if got, _ := h.Quantile(0.5); !near(got, want) {
			t.Errorf("recorded %v, got %v", want, got)
		}
	}
}

func TestQuantileCensored(t *testing.T) {
	h := mustNew(t, "runc")
	for range 90 {
		recordAll(t, h, time.Second)
	}
	for range 10 {
		h.Censor(120 * time.Second)
	}
	if got, censored := h.Quantile(0.9); censored || !near(got, time.Second) {
		t.Errorf("p90: got %v, censored %v: nine in ten are known", got, censored)
	}
	if got, censored := h.Quantile(0.91); !censored || got != 120*time.Second {
		t.Errorf("p91: got %v, censored %v, want over 120s", got, censored)
	}
	if h.Count() != 100 || !near(h.Max(), time.Second) {
		t.Errorf("count %d, max %v: a censored sample counts and is no value", h.Count(), h.Max())
	}
}

// A value above the time that a censored sample is known to exceed may stand on
// either side of that sample.
func TestQuantileAboveAnotherTimeout(t *testing.T) {
	h := mustNew(t, "runc")
	recordAll(t, h, time.Second, 50*time.Second)
	h.Censor(10 * time.Second)
	if got, censored := h.Quantile(0.3); censored || !near(got, time.Second) {
		t.Errorf("p30: got %v, censored %v", got, censored)
	}
	if got, censored := h.Quantile(0.6); !censored || got != 10*time.Second {
		t.Errorf("p60: got %v, censored %v, want over 10s", got, censored)
	}
}

func TestEmpty(t *testing.T) {
	h := mustNew(t, "")
	if got, censored := h.Quantile(0.5); got != 0 || censored || h.Count() != 0 {
		t.Errorf("got %v, censored %v, count %d", got, censored, h.Count())
	}
	h.Censor(time.Minute)
	if got, censored := h.Quantile(0); got != time.Minute || !censored {
		t.Errorf("all censored: got %v, censored %v", got, censored)
	}
}

func TestRecordRefuses(t *testing.T) {
	h := mustNew(t, "runc")
	if err := h.Record(-1); err == nil || h.Count() != 0 {
		t.Errorf("a negative latency: %v, count %d", err, h.Count())
	}
}

func TestOverAnHour(t *testing.T) {
	h := mustNew(t, "runc")
	recordAll(t, h, time.Hour+1)
	if got, censored := h.Quantile(0.5); h.Count() != 1 || !censored || got != time.Hour {
		t.Errorf("count %d, median %v, censored %v", h.Count(), got, censored)
	}
}

func TestTag(t *testing.T) {
	for _, tag := range []string{"a b", "a,b", ",", " ", "a\n", "\ta", "\r"} {
		if _, err := New(tag); err == nil {
			t.Errorf("tag %q was accepted", tag)
		}
	}
	if got := CellTag("runc", 1); got != "runc" {
		t.Errorf("got %q", got)
	}
	if got := CellTag("runc", 50); got != "runc/50" {
		t.Errorf("got %q", got)
	}
}

func TestMerge(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	a, b := mustNew(t, "a"), mustNew(t, "b")
	recordAll(t, a, time.Second)
	recordAll(t, b, 3*time.Second, 3*time.Second)
	a.Censor(120 * time.Second)
	b.Censor(100 * time.Second)
	a.Start, a.End = at, at.Add(time.Second)
	b.Start, b.End = at.Add(-time.Second), at.Add(time.Minute)
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	if n, bound := a.Censored(); n != 2 || bound != 100*time.Second || a.Count() != 5 {
		t.Errorf("censored %d over %v, count %d", n, bound, a.Count())
	}
	if got, _ := a.Quantile(0.6); !near(got, 3*time.Second) {
		t.Errorf("p60: got %v", got)
	}
	if !a.Start.Equal(b.Start) || !a.End.Equal(b.End) {
		t.Errorf("interval %v to %v", a.Start, a.End)
	}
}
