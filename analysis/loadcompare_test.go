package analysis

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// ofRunc leaves runc alone in the runs.
func ofRunc(runs []*record.Run) []*record.Run {
	for _, r := range runs {
		r.Header.Classes = r.Header.Classes[:1]
		r.Events = slices.DeleteFunc(r.Events, func(e record.Event) bool { return e.RuntimeClass != "runc" })
		r.Intervals = slices.DeleteFunc(r.Intervals, func(i record.Interval) bool { return i.RuntimeClass != "runc" })
	}
	return runs
}

// Six loads on each side that lie apart are a difference, of eight measures at once; five are
// not, nor are those that mix.
func TestCompareLoads(t *testing.T) {
	// upTo are so many latencies, a millisecond apart.
	upTo := func(first, n int) (list []time.Duration) {
		for i := range n {
			list = append(list, time.Duration(first+i)*time.Millisecond)
		}
		return list
	}
	for name, test := range map[string]struct {
		base, new []time.Duration
		shown     bool
		chance    float64
		adjusted  float64
	}{
		"apart":     {upTo(1, 6), upTo(7, 6), true, 2.0 / 924, 8 * 2.0 / 924},
		"the other": {upTo(7, 6), upTo(1, 6), true, 2.0 / 924, 8 * 2.0 / 924},
		"too few":   {upTo(1, 5), upTo(7, 5), false, 2.0 / 252, 8 * 2.0 / 252},
		"mixed":     {upTo(1, 6), upTo(6, 6), false, 1, 1},
		"one each":  {upTo(1, 1), upTo(2, 1), false, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Compare(ofRunc(loadsWith("a", test.base...)), ofRunc(loadsWith("b", test.new...)), CompareOptions{})
			if err != nil {
				t.Fatal(err)
			}
			row := measure(t, c, "runc", "p50")
			if row.Shown != test.shown || math.Abs(float64(row.Chance)-test.chance) > 1e-9 || math.Abs(float64(row.AdjustedChance)-test.adjusted) > 1e-9 || row.BaseLoads.Loads != len(test.base) {
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

// The class that was named first is the base, whichever load began first, at each rate.
func TestTheClassNamedFirstIsTheBase(t *testing.T) {
	b := runtest.New("r", "crun", "runc")
	for _, class := range []string{"runc", "crun"} {
		b.Load(class, time.Second, runtest.Same(100, time.Millisecond))
	}
	other := runtest.New("s", "crun", "runc")
	for _, class := range []string{"crun", "runc"} {
		other.Load(class, time.Second, runtest.Same(50, time.Millisecond))
	}
	runs := []*record.Run{b.Run(), atRate(other.Run(), "50/s")}
	c, err := CompareClasses(runs, CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rates := map[string]int{}
	for _, row := range c.Loads {
		if rates[row.Rate]++; row.Base.RuntimeClass != "crun" || row.New.RuntimeClass != "runc" {
			t.Errorf("%s is compared with %s", row.New, row.Base)
		}
	}
	if diff := cmp.Diff(map[string]int{"100/s": len(LoadMeasures), "50/s": len(LoadMeasures)}, rates); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// atRate says that the loads of a run had another rate.
func atRate(r *record.Run, rate string) *record.Run {
	for i := range r.Events {
		if r.Events[i].Kind == record.EventLoadBegun {
			r.Events[i].Message = rate
		}
	}
	return r
}

// A load that only one side has is not passed over in silence, nor is one that was cut off
// compared.
func TestLoadsOfOneSide(t *testing.T) {
	base, new := loadsWith("a", time.Millisecond), loadsWith("b", time.Millisecond)
	new[0].Events = slices.DeleteFunc(new[0].Events, func(e record.Event) bool {
		return e.Kind == record.EventLoadEnded && e.RuntimeClass == "crun"
	})
	for _, sides := range [][2][]*record.Run{{base, new}, {new, base}} {
		c, err := Compare(sides[0], sides[1], CompareOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range c.Loads {
			if row.New.RuntimeClass == "crun" {
				t.Errorf("compared: %+v", row)
			}
		}
		side := "base"
		if &sides[0][0] != &base[0] {
			side = "new"
		}
		want := "crun: a load at 100/s that can be compared is only in " + side
		if !slices.ContainsFunc(c.Warnings, func(w Warning) bool { return w.Code == NoSamples && w.Message == want }) {
			t.Errorf("no warning %q in %v", want, c.Warnings)
		}
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
