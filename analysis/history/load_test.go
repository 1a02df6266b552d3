package history

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// loaded is a run with a load on that day. Days differ by 5 %.
func loaded(day, requests int, latency time.Duration, changes ...func(*record.Run)) Source {
	factor := math.Exp(0.05 * stat.NewRand(uint64(day+1)).NormFloat64())
	second := runtest.Same(requests, time.Duration(factor*float64(latency)))
	r := runtest.New(fmt.Sprintf("load-%02d", day), "runc").Load("runc", time.Second, second, second).Run()
	r.Header.Started = r.Header.Started.AddDate(0, 0, day)
	for _, change := range changes {
		change(r)
	}
	return Source{File: r.Header.RunID + ".jsonl", Run: r}
}

// Of loads, the step is found like any other, and each load is one point.
func TestAStepOfLoadsIsFound(t *testing.T) {
	var sources []Source
	for day := range 20 {
		latency := 200 * time.Millisecond
		if day >= 12 {
			latency = 300 * time.Millisecond
		}
		sources = append(sources, loaded(day, 100, latency))
	}
	s := historyOf(t, Options{}, sources...).Series[0]
	if !s.Loads || s.SamplesPerRun != 200 || len(s.Points) != 20 || s.Points[0].Starts != 200 || s.RuntimeClass != "runc" {
		t.Fatalf("%+v", s)
	}
	if len(s.Changes) != 1 || s.Changes[0].At != 12 || s.Changes[0].Ratio.Value < 1.3 || s.Changes[0].Ratio.Value > 1.7 {
		t.Errorf("%+v", s.Changes)
	}
}

// However many requests there are, loads that are few show nothing; those that must not be
// judged are apart, and so are runs of starts.
func TestLoadsThatShowNothing(t *testing.T) {
	late := func(r *record.Run) { r.Intervals[0].Lateness = time.Second }
	sources := []Source{daily(9, 20, time.Second)}
	for day := range 8 {
		sources = append(sources, loaded(day, 5000, time.Duration(1+day/4)*100*time.Millisecond))
	}
	sources = append(sources, loaded(8, 5000, time.Second, late), loaded(10, 20, time.Second))
	h := historyOf(t, Options{}, sources...)
	if len(h.Series) != 2 || h.Series[0].Loads == h.Series[1].Loads {
		t.Fatalf("%+v", h.Series)
	}
	for _, s := range h.Series {
		if len(s.Changes) != 0 || s.Loads && len(s.Points) != 8 {
			t.Errorf("%+v", s)
		}
	}
	text := fmt.Sprint(h.Series[0].Apart, h.Series[1].Apart)
	for _, want := range []string{"run load-08: the client was late", "it has 40 requests, and it takes 5000 to stand beside the others"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %q", text, want)
		}
	}
}

// Requests that failed are slower than any, and count as the client timeout.
func TestALoadThatFailed(t *testing.T) {
	failed := func(r *record.Run) {
		for i := range r.Intervals {
			r.Intervals[i].Failed, r.Intervals[i].Sent = map[record.Outcome]int{record.HTTP: 100}, 200
		}
		r.Header.Settings.ClientTimeout = 30 * time.Second
	}
	waits := func(r *record.Run) { r.Header.Settings.ClientTimeout = 30 * time.Second }
	var sources []Source
	for day := range 20 {
		if day < 10 {
			sources = append(sources, loaded(day, 100, 200*time.Millisecond, waits))
		} else {
			sources = append(sources, loaded(day, 100, 200*time.Millisecond, failed))
		}
	}
	s := historyOf(t, Options{Quantile: 0.95}, sources...).Series[0]
	if len(s.Changes) != 1 || s.Changes[0].At != 10 || !s.Changes[0].Ratio.Over || s.Points[10].Value.String() != "a failure" || s.Points[10].Failed != 200 {
		t.Errorf("%+v, %+v", s.Changes, s.Points[10])
	}
}
