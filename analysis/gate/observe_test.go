package gate

import (
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// roundOf is one round of ten services that take 1 s to 10 s, changed.
func roundOf(fired int, change func(i int, s *record.Sample)) *analysis.Cell {
	b := runtest.New("r", "runc")
	for i := range fired {
		b.Add("runc", 10, time.Duration(i+1)*time.Second, func(s *record.Sample) {
			s.Block = 1
			change(i, s)
		})
	}
	return &analysis.Summarise(b.Run()).Cells[0]
}

func TestObserve(t *testing.T) {
	fine := func(int, *record.Sample) {}
	from := func(first int, change func(*record.Sample)) func(int, *record.Sample) {
		return func(i int, s *record.Sample) {
			if i >= first {
				change(s)
			}
		}
	}
	slow, refused := from(8, runtest.TimedOut), from(8, runtest.Failed(record.HTTP))
	tests := []struct {
		name       string
		cell       *analysis.Cell
		expression string
		met        bool
		seen       string
	}{
		{"all answered", roundOf(10, fine), "answered<98%", false, "10 of 10 answered (100 %)"},
		{"some timed out", roundOf(10, slow), "answered<98%", true, "8 of 10 answered (80 %)"},
		{"what was not fired is not answered", roundOf(9, fine), "answered<98%", true, "9 of 10 answered (90 %)"},
		{"failed", roundOf(10, refused), "failed>=20%", true, "2 of 10 not answered (20 %)"},
		{"few of the failures", roundOf(10, refused), "failed>20%", false, "2 of 10 not answered (20 %)"},
		{"percentile", roundOf(10, fine), "p(90)>8s", true, "p90 of 10 is 9.00s"},
		{"percentile below", roundOf(10, fine), "p(50)>8s", false, "p50 of 10 is 5.00s"},
		{"percentile of timeouts", roundOf(10, slow), "p(95)>1000s", true, "p95 of 10 lies among those that were not answered"},
		{"percentile of failures", roundOf(10, refused), "p(95)>1000s", true, "p95 of 10 lies among those that were not answered"},
		{"percentile below the failures", roundOf(10, refused), "p(80)>7s", true, "p80 of 10 is 8.00s"},
		{"median", roundOf(10, fine), "med>=5s", true, "med of 10 is 5.00s"},
		{"min", roundOf(10, slow), "min>1s", false, "min of 10 is 1.00s"},
		{"max", roundOf(10, fine), "max>9s", true, "max of 10 is 10.0s"},
		{"max of timeouts", roundOf(10, slow), "max<1000s", false, "max of 10 lies among those that were not answered"},
		{"mean", roundOf(10, fine), "avg>5s", true, "the mean of 10 is 5.50s"},
		{"mean of timeouts", roundOf(10, slow), "avg>1000s", true, "no mean exists: 2 of 10 were not answered"},
		{"nothing cold", roundOf(10, from(0, runtest.Coldness(record.Warm))), "p(95)>1s", false, "no proven cold start"},
		{"cold", roundOf(10, from(5, runtest.Coldness(record.Warm))), "cold<60%", true, "5 of 10 proven cold (50 %)"},
		{"spawned", roundOf(10, refused), "spawned<9", true, "8 instances spawned"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			threshold, err := ParseThreshold(test.expression)
			if err != nil {
				t.Fatal(err)
			}
			met, seen := threshold.Observe(test.cell)
			if met != test.met || seen != test.seen {
				t.Errorf("got %v, %q, want %v, %q", met, seen, test.met, test.seen)
			}
		})
	}
}
