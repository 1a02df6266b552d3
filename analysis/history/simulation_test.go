package history

import (
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// The search for changes measured by itself: how often it finds one where there is none,
// and how often and how late it finds one that is there.
// `go test ./analysis/history -run TestSimulation -simulate 300 -v` prints the table.
var simulate = flag.Int("simulate", 0, "how many histories to draw for each entry of the table")

// world is a cluster whose runs are drawn: the logarithm of a run's quantile.
type world struct {
	name string
	// draw is one start in seconds, and quantile that of a run of so many starts.
	draw     func(*rand.Rand) float64
	quantile float64
	starts   int
	// between draws the logarithm that runs differ by.
	between func(*rand.Rand) float64
	// stays is the share of it that the next run keeps.
	stays float64
}

func lognormal(rng *rand.Rand) float64 { return math.Exp(0.4 * rng.NormFloat64()) }

// heavy has a tail in which one start in a hundred takes six times the median.
func heavy(rng *rand.Rand) float64 { return math.Pow(1-rng.Float64(), -1/2.2) }

// ticks waits for another tick of the autoscaler in one of ten.
func ticks(rng *rand.Rand) float64 {
	if rng.Float64() < 0.1 {
		return 2 + math.Exp(0.15*rng.NormFloat64())
	}
	return math.Exp(0.15 * rng.NormFloat64())
}

func differBy(deviation float64) func(*rand.Rand) float64 {
	return func(rng *rand.Rand) float64 { return deviation * rng.NormFloat64() }
}

// outliers are runs that differ by 5 %, and one in ten by up to twice as much again in
// time: a machine that did something else.
func outliers(rng *rand.Rand) float64 {
	if rng.Float64() < 0.1 {
		return rng.Float64() * math.Ln2
	}
	return 0.05 * rng.NormFloat64()
}

var worlds = []world{
	{name: "lognormal, sigma 0.4", draw: lognormal, quantile: 0.5, starts: 30, between: differBy(0)},
	{name: "run effects of 5 %", draw: lognormal, quantile: 0.5, starts: 30, between: differBy(0.05)},
	{name: "run effects of 10 %", draw: lognormal, quantile: 0.5, starts: 30, between: differBy(0.1)},
	{name: "p95, run effects of 5 %", draw: lognormal, quantile: 0.95, starts: 60, between: differBy(0.05)},
	{name: "p95, heavy tail (Pareto 2.2)", draw: heavy, quantile: 0.95, starts: 60, between: differBy(0.05)},
	{name: "ticks (+2 s in 10 %), run effects of 5 %", draw: ticks, quantile: 0.5, starts: 30, between: differBy(0.05)},
	{name: "one run in ten up to twice as slow", draw: lognormal, quantile: 0.5, starts: 30, between: outliers},
	{name: "run effects of 10 %, half of which stays", draw: lognormal, quantile: 0.5, starts: 30, between: differBy(0.1), stays: 0.5},
}

// runs draws the runs of a history, of which those from step on are slower.
func (w world) runs(n, step int, worse float64, rng *rand.Rand) []float64 {
	values, kept := make([]float64, n), w.between(rng)
	for i := range values {
		own := make([]float64, w.starts)
		for j := range own {
			own[j] = w.draw(rng)
		}
		slices.Sort(own)
		values[i] = math.Log(own[stat.Rank(w.quantile, w.starts)-1]) + kept
		if i >= step {
			values[i] += math.Log1p(worse)
		}
		kept = w.stays*kept + math.Sqrt(1-w.stays*w.stays)*w.between(rng)
	}
	return values
}

const (
	length = 40 // of a history
	stepAt = 20 // the first slower run
	near   = 2  // runs by which a change may be off to count as found
)

// tally is what was seen in the histories of one world.
type tally struct {
	alarms              int // histories without a change in which one is found
	found, extra        int // of the histories with a step
	placeHeld, sizeHeld int // of those found: what holds the truth
	delays              []float64
}

func (w world) tally(rounds int, worse float64, seed uint64, late bool) tally {
	var t tally
	rng := stat.NewRand(seed)
	for range rounds {
		if len(divide(w.runs(length, length, 0, rng), 1)) > 0 {
			t.alarms++
		}
		values := w.runs(length, stepAt, worse, rng)
		t.look(values, worse)
		if late {
			t.delays = append(t.delays, float64(delay(values)))
		}
	}
	return t
}

// look counts what is found in a history with a step.
func (t *tally) look(values []float64, worse float64) {
	s := Series{Points: make([]Point, len(values))}
	s.change(values, make([]bool, len(values)), 1)
	at := slices.IndexFunc(s.Changes, func(c Change) bool { return abs(c.At-stepAt) <= near && c.Ratio.Value > 1 })
	if at < 0 {
		if len(s.Changes) > 0 {
			t.extra++
		}
		return
	}
	t.found++
	if len(s.Changes) > 1 {
		t.extra++
	}
	c := s.Changes[at]
	if c.Earliest <= stepAt && stepAt <= c.Latest {
		t.placeHeld++
	}
	if float64(c.Ratio.Low) <= 1+worse && 1+worse <= float64(c.Ratio.High) {
		t.sizeHeld++
	}
}

// delay is after how many slower runs a history that is looked at after each run first
// has the step.
func delay(values []float64) int {
	for n := stepAt + leastStretch; n <= len(values); n++ {
		for _, s := range divide(values[:n], 1) {
			if abs(s.at-stepAt) <= near {
				return n - stepAt
			}
		}
	}
	return length
}

func abs(n int) int { return max(n, -n) }

func TestSimulation(t *testing.T) {
	rounds, out := 12, io.Discard
	if *simulate > 0 {
		rounds, out = *simulate, io.Writer(os.Stdout)
	}
	fmt.Fprintln(out, "| generator | no change: false alarm | +25 %: found | another change | runs until found | place held | size held | +50 %: found | runs until found |")
	fmt.Fprintln(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for i, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			quarter := w.tally(rounds, 0.25, uint64(2*i+1), *simulate > 0)
			half := w.tally(rounds, 0.5, uint64(2*i+2), *simulate > 0)
			alarms, most := quarter.alarms+half.alarms, bound(2*rounds)
			if w.stays == 0 && alarms > most {
				t.Errorf("%d false alarms in %d histories, more than %d", alarms, 2*rounds, most)
			}
			if half.found < rounds*8/10 {
				t.Errorf("a step of +50 %% is found %d times of %d", half.found, rounds)
			}
			percent := func(n, of int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(max(of, 1))) }
			cells := []string{w.name, percent(alarms, 2*rounds), percent(quarter.found, rounds), percent(quarter.extra, rounds), quarter.late(),
				percent(quarter.placeHeld, quarter.found), percent(quarter.sizeHeld, quarter.found), percent(half.found, rounds), half.late()}
			fmt.Fprintln(out, "| "+strings.Join(cells, " | ")+" |")
		})
	}
}

// late is the median of the delays, and what nine of ten are at most.
func (t tally) late() string {
	if len(t.delays) == 0 {
		return ""
	}
	slices.Sort(t.delays)
	text := func(q float64) string {
		if d := t.delays[stat.Rank(q, len(t.delays))-1]; d < length {
			return fmt.Sprint(d)
		}
		return fmt.Sprintf("> %d", length-stepAt)
	}
	return text(0.5) + ", " + text(0.9)
}

// bound allows a share of analysis.Alpha three standard errors of so many rounds.
func bound(rounds int) int {
	n := float64(rounds)
	return int(math.Ceil(analysis.Alpha*n + 3*math.Sqrt(analysis.Alpha*(1-analysis.Alpha)*n)))
}
