package gate

import (
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// The gate measured by itself: how often it fails on identical runs, and how
// often it finds a change that is there. `go test ./analysis/gate -run
// TestSimulation -simulate 1000 -v` prints the whole table; without the flag a
// small part of it is checked.
var simulate = flag.Int("simulate", 0, "how many comparisons to simulate for each entry of the table")

// world is a cluster whose behaviour is known.
type world struct {
	name string
	// draw is one latency in seconds.
	draw func(*rand.Rand) float64
	// drift is the standard deviation of the logarithm that runs differ by.
	drift float64
	// timeout censors what is longer; zero censors nothing.
	timeout time.Duration
}

func lognormal(rng *rand.Rand) float64 { return math.Exp(0.4 * rng.NormFloat64()) }

// bimodal is quick four times in five, and twice as slow otherwise.
func bimodal(rng *rand.Rand) float64 {
	slow := 1.0
	if rng.Float64() < 0.2 {
		slow = 2
	}
	return slow * math.Exp(0.1*rng.NormFloat64())
}

var worlds = []world{
	{name: "lognormal", draw: lognormal},
	{name: "lognormal, drift 5 %", draw: lognormal, drift: 0.05},
	{name: "lognormal, drift 5 %, 3 % time out", draw: lognormal, drift: 0.05, timeout: 2122 * time.Millisecond},
	{name: "bimodal", draw: bimodal},
	{name: "bimodal, drift 5 %", draw: bimodal, drift: 0.05},
}

// run draws the samples of one run in which everything takes factor times as long.
func (w world) run(samples int, factor float64, rng *rand.Rand) *stat.Set {
	factor *= math.Exp(w.drift * rng.NormFloat64())
	var observed, limits []time.Duration
	for range samples {
		d := time.Duration(1e9 * factor * w.draw(rng))
		if w.timeout > 0 && d > w.timeout {
			limits = append(limits, w.timeout)
		} else {
			observed = append(observed, d)
		}
	}
	return stat.NewSet(observed, limits)
}

// design is how much is measured on each side, and what is compared.
type design struct {
	runs, samples int
	quantiles     []float64
}

func (d design) String() string { return fmt.Sprintf("%d × %d", d.runs, d.samples) }

// rounds counts, among so many comparisons of runs of the world with others that
// take 1+worse times as long, those that fail and those that cannot be judged.
func (d design) rounds(w world, worse float64, rounds int, seed uint64) (failed, unknown int) {
	rng := stat.NewRand(seed)
	perms := stat.NewPermutations(d.runs, d.runs, mostPermutations, 1)
	o := Options{}.withDefaults()
	for range rounds {
		var base, new []*stat.Set
		for range d.runs {
			base, new = append(base, w.run(d.samples, 1, rng)), append(new, w.run(d.samples, 1+worse, rng))
		}
		var list []comparison
		for _, q := range d.quantiles {
			list = append(list, comparison{quantile: q, base: base, new: new, perms: perms})
		}
		measureAll(list, o)
		var result Result
		for i := range list {
			result.add(list[i].Judgement)
		}
		switch result.Verdict {
		case Fail:
			failed++
		case Inconclusive:
			unknown++
		}
	}
	return failed, unknown
}

// bound allows a share of 5 % three standard errors of so many rounds.
func bound(rounds int) int {
	n := float64(rounds)
	return int(math.Ceil(0.05*n + 3*math.Sqrt(0.05*0.95*n)))
}

func TestSimulation(t *testing.T) {
	if *simulate > 0 {
		simulationTable(t, os.Stdout, *simulate)
		return
	}
	const rounds = 200
	for _, w := range worlds {
		for _, d := range []design{{3, 20, []float64{0.5}}, {5, 60, []float64{0.5, 0.95}}} {
			t.Run(w.name+" "+d.String(), func(t *testing.T) {
				if failed, _ := d.rounds(w, 0, rounds, 1); failed > bound(rounds) {
					t.Errorf("%d false alarms in %d", failed, rounds)
				}
				if failed, _ := d.rounds(w, 0.5, rounds, 2); failed < rounds*4/5 {
					t.Errorf("+50 %% is found %d times in %d", failed, rounds)
				}
			})
		}
	}
}

// simulationTable prints false alarms and detection, and fails where there are
// more false alarms than the gate promises. False alarms are rare, so they are
// looked for four times as often.
func simulationTable(t *testing.T, w io.Writer, rounds int) {
	fmt.Fprintln(w, "| distribution | runs × samples | percentile | false alarms | +10 % | +25 % | +50 % | not judged |")
	fmt.Fprintln(w, "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
	for _, world := range worlds {
		for _, runs := range []int{3, 5, 10} {
			for _, samples := range []int{20, 60, 100} {
				for _, quantiles := range [][]float64{{0.5}, {0.95}, {0.99}, {0.5, 0.95}} {
					simulationRow(t, w, world, design{runs, samples, quantiles}, rounds)
				}
			}
		}
	}
}

func simulationRow(t *testing.T, w io.Writer, world world, d design, rounds int) {
	alarms, unknown := d.rounds(world, 0, 4*rounds, 1)
	if unknown == 4*rounds {
		return // so few cannot be judged at all
	}
	var names []string
	for _, q := range d.quantiles {
		names = append(names, "p"+number(100*q))
	}
	if alarms > bound(4*rounds) {
		t.Errorf("%s, %s, %v: %d false alarms in %d", world.name, d, names, alarms, 4*rounds)
	}
	share := func(n, of int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of)) }
	cells := []string{world.name, d.String(), strings.Join(names, " and "), share(alarms, 4*rounds)}
	for i, worse := range []float64{0.10, 0.25, 0.50} {
		found, _ := d.rounds(world, worse, rounds, uint64(i+2))
		cells = append(cells, share(found, rounds))
	}
	cells = append(cells, share(unknown, 4*rounds))
	fmt.Fprintln(w, "| "+strings.Join(cells, " | ")+" |")
}
