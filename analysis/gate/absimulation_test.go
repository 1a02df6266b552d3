package gate

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// quiet varies as little as a machine that does nothing else.
func quiet(rng *rand.Rand) float64 { return math.Exp(0.15 * rng.NormFloat64()) }

// abWorlds drift from request to request, and a tenth of that is gone by the
// next: after a while, the machine is another.
var abWorlds = []world{
	{name: "lognormal, sigma 0.15", draw: quiet},
	{name: "lognormal, sigma 0.15, drift 5 %", draw: quiet, drift: 0.05},
	{name: "lognormal, sigma 0.4", draw: lognormal},
	{name: "lognormal, sigma 0.4, drift 5 %", draw: lognormal, drift: 0.05},
	{name: "lognormal, sigma 0.4, drift 5 %, 3 % time out", draw: lognormal, drift: 0.05, timeout: 2122 * time.Millisecond},
	{name: "bimodal", draw: bimodal},
	{name: "bimodal, drift 5 %", draw: bimodal, drift: 0.05},
}

// pairs draws blocks, in random order, of which side b takes 1+worse times as
// long.
func (w world) pairs(worse float64, rng *rand.Rand) func() stat.Pair {
	drift := 0.0
	draw := func(factor float64) time.Duration {
		drift = 0.9*drift + w.drift*rng.NormFloat64()
		return time.Duration(1e9 * factor * math.Exp(drift) * w.draw(rng))
	}
	return func() stat.Pair {
		p := stat.Pair{Limit: w.timeout}
		if rng.IntN(2) == 0 {
			p.Base, p.New = draw(1), draw(1+worse)
		} else {
			p.New, p.Base = draw(1+worse), draw(1)
		}
		return p
	}
}

// abRuns are what became of simulated runs.
type abRuns struct {
	rounds, failed, passed int
	blocks                 []int
}

func (w world) abRuns(worse float64, rounds, most int, seed uint64) abRuns {
	rule, rng := &abRule{tolerance: DefaultTolerance.Of(1e9)}, stat.NewRand(seed)
	runs := abRuns{rounds: rounds}
	for range rounds {
		v, blocks := rule.simulate(most, w.pairs(worse, rng))
		switch v {
		case Fail:
			runs.failed++
		case Pass:
			runs.passed++
		}
		runs.blocks = append(runs.blocks, blocks)
	}
	slices.Sort(runs.blocks)
	return runs
}

func (r abRuns) String() string {
	share := func(n int) float64 { return 100 * float64(n) / float64(r.rounds) }
	return fmt.Sprintf("%.1f %% | %.1f %% | %d", share(r.failed), share(r.passed), r.blocks[r.rounds/2])
}

// TestSimulationAB is TestSimulation for the gate over the sides of one run.
func TestSimulationAB(t *testing.T) {
	if *simulate > 0 {
		abTable(t, os.Stdout, *simulate)
		return
	}
	const rounds = 200
	for _, w := range abWorlds {
		t.Run(w.name, func(t *testing.T) {
			if same := w.abRuns(0, rounds, 100, 1); same.failed > bound(rounds) {
				t.Errorf("%d false alarms in %d", same.failed, rounds)
			}
			if slower := w.abRuns(0.5, rounds, 100, 2); slower.failed < rounds*9/10 || slower.passed > bound(rounds) {
				t.Errorf("+50 %% is found %d times in %d, passed %d times", slower.failed, rounds, slower.passed)
			}
		})
	}
}

// abTable prints, by how much slower side b is, how often it fails and passes
// and how many blocks that takes at the median.
func abTable(t *testing.T, w io.Writer, rounds int) {
	changes := []float64{0, 0.05, 0.10, 0.25, 0.50}
	head, line := "| distribution | at most |", "| --- | ---: |"
	for _, worse := range changes {
		name := "same"
		if worse > 0 {
			name = signedPercent(worse)
		}
		head += fmt.Sprintf(" %s: fail | pass | blocks |", name)
		line += " ---: | ---: | ---: |"
	}
	fmt.Fprintf(w, "%s\n%s\n", head, line)
	for _, world := range abWorlds {
		for _, most := range []int{30, 100, 300} {
			cells := []string{world.name, fmt.Sprint(most)}
			for i, worse := range changes {
				n := rounds
				if worse == 0 {
					n *= 4
				}
				runs := world.abRuns(worse, n, most, uint64(i+1))
				cells = append(cells, runs.String())
				if worse == 0 && runs.failed > bound(n) || worse >= 0.1 && runs.passed > bound(n) {
					t.Errorf("%s, %d blocks, %s: %d failed and %d passed of %d", world.name, most, percent(worse), runs.failed, runs.passed, n)
				}
			}
			fmt.Fprintln(w, "| "+strings.Join(cells, " | ")+" |")
		}
	}
}
