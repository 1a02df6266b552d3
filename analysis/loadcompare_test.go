package analysis

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// loadsWith are runs with a load on each class, whose requests take that long.
func loadsWith(name string, latencies ...time.Duration) []*record.Run {
	var runs []*record.Run
	for i, l := range latencies {
		b := runtest.New(fmt.Sprint(name, i), "runc", "crun")
		b.Load("runc", time.Second, runtest.Same(100, l))
		runs = append(runs, b.Load("crun", time.Second, runtest.Same(100, 2*l)).Run())
	}
	return runs
}

func measure(t *testing.T, c *Comparison, class, name string) LoadRow {
	t.Helper()
	for _, row := range c.Loads {
		if row.New.RuntimeClass == class && row.Measure == name {
			return row
		}
	}
	t.Fatalf("no %s of %s in %+v", name, class, c.Loads)
	return LoadRow{}
}

// Four loads on each side that lie apart are a difference; three are not, nor are those
// that mix.
func TestCompareLoads(t *testing.T) {
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		base, new []time.Duration
		shown     bool
		chance    float64
	}{
		"apart":     {[]time.Duration{1 * ms, 2 * ms, 3 * ms, 4 * ms}, []time.Duration{5 * ms, 6 * ms, 7 * ms, 8 * ms}, true, 2.0 / 70},
		"the other": {[]time.Duration{5 * ms, 6 * ms, 7 * ms, 8 * ms}, []time.Duration{1 * ms, 2 * ms, 3 * ms, 4 * ms}, true, 2.0 / 70},
		"too few":   {[]time.Duration{1 * ms, 2 * ms, 3 * ms}, []time.Duration{5 * ms, 6 * ms, 7 * ms}, false, 0.1},
		"mixed":     {[]time.Duration{1 * ms, 2 * ms, 3 * ms, 6 * ms}, []time.Duration{5 * ms, 6 * ms, 7 * ms, 8 * ms}, false, 1},
		"one each":  {[]time.Duration{1 * ms}, []time.Duration{2 * ms}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Compare(loadsWith("a", test.base...), loadsWith("b", test.new...), CompareOptions{})
			if err != nil {
				t.Fatal(err)
			}
			row := measure(t, c, "runc", "p50")
			if row.Shown != test.shown || math.Abs(float64(row.Chance)-test.chance) > 1e-9 || row.BaseLoads.Loads != len(test.base) {
				t.Errorf("%+v", row)
			}
			if same := measure(t, c, "runc", "instanceSeconds"); same.Shown || same.Chance != 1 {
				t.Errorf("what is the same differs: %+v", same)
			}
		})
	}
}

func TestCompareLoadsOfClasses(t *testing.T) {
	c, err := CompareClasses(loadsWith("a", 1e6, 2e6, 3e6, 4e6), CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	row := measure(t, c, "crun", "p99")
	if row.Base.RuntimeClass != "runc" || row.NewLoads.Low < 1.9e6 || row.NewLoads.High > 8.1e6 || row.Rate != "100/s" {
		t.Errorf("%+v", row)
	}
}

// The steps of a search differ in their rates, and some had to fail.
func TestSearchesAreNotCompared(t *testing.T) {
	runs := loadsWith("a", time.Millisecond)
	runs[0].Header.Settings.UntilFailure = true
	if _, err := CompareClasses(runs, CompareOptions{}); !errors.Is(err, ErrNothingToCompare) {
		t.Errorf("got %v", err)
	}
}
