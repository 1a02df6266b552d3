package gate

import (
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Only the second half counts, and what failed is slower than any answer.
func TestObserveLoad(t *testing.T) {
	slow, quick, failing := runtest.Same(100, 2*time.Second), runtest.Same(100, 10*time.Millisecond), runtest.Same(96, 10*time.Millisecond)
	failing.Failed = map[record.Outcome]int{record.HTTP: 4}
	for text, want := range map[string]struct {
		second runtest.Second
		met    bool
		seen   string
	}{
		"p(99)>200ms":     {quick, false, "p99 of 200 requests is 10.0ms"},
		"p(98)>200ms":     {failing, false, "p98 of 200 requests is 10.0ms"},
		"load(99)>200ms":  {failing, true, "p99 of 200 requests is a failure (10.0ms is the slowest answer)"},
		"med>5ms":         {quick, true, "p50 of 200 requests is 10.0ms"},
		"max>20ms":        {slow, true, "p100 of 200 requests is 2.00s"},
		"failed>1%":       {failing, true, "4 of 200 failed or were not sent (2 %)"},
		"loadFailed>3%":   {failing, false, "4 of 200"},
		"answered<99%":    {failing, true, "196 of 200 were answered (98 %)"},
		"answered<=97.9%": {failing, false, "196 of 200"},
	} {
		t.Run(text, func(t *testing.T) {
			threshold, err := ParseThreshold(text)
			if err != nil || !threshold.ObservesLoads() {
				t.Fatal(err)
			}
			r := runtest.New("r", "runc").Load("runc", time.Second, slow, slow, want.second, quick).Run()
			l := analysis.Summarise(r).Loads[0]
			if met, seen := threshold.ObserveLoad(&l); met != want.met || !strings.Contains(seen, want.seen) {
				t.Errorf("met %v: %s", met, seen)
			}
		})
	}
	for _, text := range []string{"spawned>=3", "recovered>3s", "cold<50%"} {
		if threshold, err := ParseThreshold(text); err != nil || threshold.ObservesLoads() {
			t.Errorf("%s is observed: %v", text, err)
		}
	}
}

// The loads of a search are not judged: some had to fail.
func TestStepsAreNotJudged(t *testing.T) {
	r := runtest.Loaded()
	r.Header.Settings.UntilFailure = true
	threshold, err := ParseSLO("load(99)<10s")
	if err != nil {
		t.Fatal(err)
	}
	result, err := JudgeSLO([]*record.Run{r}, []Threshold{threshold}, Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range result.Judgements {
		if j.Verdict != Invalid || !strings.Contains(j.Reason, "searched for the highest rate") {
			t.Errorf("%+v", j)
		}
	}
}
