package gate

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
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// The gates measured by themselves: how often each gives each verdict where the truth
// is known. `go test ./analysis/gate -run TestSimulation -simulate 1000 -v` prints the
// whole table; without the flag fewer rounds are checked.
var simulate = flag.Int("simulate", 0, "how many times to judge for each entry of the table")

// truths are by how much the new side is slower; for a threshold, which is 10 % above
// what is measured at 0, by how much more than that.
var truths = []float64{0, 0.10, 0.25, 0.50}

// entry is a row of the table.
type entry struct {
	gate, world, design string
	// judge draws everything anew and judges it.
	judge func(worse float64, rng *rand.Rand) Verdict
	// worse says that the new side is worse even at 0, so that it may fail there and
	// must not pass.
	worse bool
	// often is how many times as often truth 0 is looked at: a false failure is rare.
	often int
}

// design is how much there is on each side.
type design struct{ baseRuns, base, newRuns, new int }

func equal(runs, samples int) design { return design{runs, samples, runs, samples} }

func (d design) String() string {
	if d.baseRuns == d.newRuns && d.base == d.new {
		return fmt.Sprintf("%d × %d", d.newRuns, d.new)
	}
	return fmt.Sprintf("%d × %d against %d × %d", d.newRuns, d.new, d.baseRuns, d.base)
}

func names(quantiles []float64) string {
	var list []string
	for _, q := range quantiles {
		list = append(list, "p"+number(100*q))
	}
	return strings.Join(list, " and ")
}

// baselineEntry is the gate against a baseline.
func baselineEntry(w world, d design, quantiles ...float64) entry {
	o := Options{Quantiles: quantiles}.withDefaults()
	perms := stat.NewPermutations(d.baseRuns, d.newRuns, 5000, 1)
	baseFactor, newFactor := w.alike(quantiles, w.baseFails), w.alike(quantiles, w.newFails)
	return entry{gate: "baseline " + names(quantiles), world: w.name, design: d.String(), often: 4, judge: func(worse float64, rng *rand.Rand) Verdict {
		var base, new []start.List
		for range d.baseRuns {
			base = append(base, w.run(d.base, baseFactor, w.baseFails, rng))
		}
		for range d.newRuns {
			new = append(new, w.run(d.new, newFactor*(1+worse), w.newFails, rng))
		}
		var list []comparison
		for _, q := range quantiles {
			c := ofStarts(q)
			c.perms = perms
			c.take(base, new)
			list = append(list, c)
		}
		measureAll(list, o)
		result := newResult(nil)
		for i := range list {
			result.add(list[i].Judgement)
		}
		return result.Verdict
	}}
}

// alike is the factor by which the latencies of a side have to be smaller so that a
// few failures, which rank above all, leave its one percentile as it is. Where several
// are judged, or so many fail that nothing would, it is 1.
func (w world) alike(quantiles []float64, fails float64) float64 {
	if q := quantiles[0]; len(quantiles) == 1 && fails > 0 {
		return w.quantile(q) / w.quantile(q/(1-fails))
	}
	return 1
}

// sloEntry is a threshold on a percentile. In a single run the truth is the run's.
func sloEntry(w world, runs, samples int, q float64) entry {
	if runs == 1 {
		w.between = 0
	}
	t := Threshold{Metric: Percentile, Quantile: q, Operator: "<", Limit: 1.1e9 * w.quantile(q)}
	design := fmt.Sprintf("%d × %d", runs, samples)
	return entry{gate: "threshold p" + number(100*q), world: w.name, design: design, judge: func(worse float64, rng *rand.Rand) Verdict {
		var list []start.List
		for range runs {
			list = append(list, w.run(samples, 1+worse, 0, rng))
		}
		return t.judge(newEvidence(&analysis.Cell{}, list)).Verdict
	}}
}

// roundsEntry is a threshold on the share of services that fail in rounds that differ
// as a whole, by as much as real bursts do.
func roundsEntry(rounds, services int) entry {
	const limit = 0.2
	t := Threshold{Metric: Failed, Operator: "<", Limit: limit}
	return entry{gate: "threshold failed", world: "rounds that differ by 9 % of their services", design: fmt.Sprintf("%d × %d", rounds, services),
		judge: func(worse float64, rng *rand.Rand) Verdict {
			var list start.List
			for block := range rounds {
				share := min(1, max(0, limit/1.1*(1+worse)+0.09*rng.NormFloat64()))
				for range services {
					s := start.Start{Block: block}
					if rng.Float64() < share {
						s.Fate = start.Failed
					}
					list = append(list, s)
				}
			}
			return t.judge(newEvidence(&analysis.Cell{Key: record.Key{Services: services}}, []start.List{list})).Verdict
		}}
}

// meanEntry is a threshold on the mean.
func meanEntry(w world, samples int) entry {
	values, rng := 0.0, stat.NewRand(3)
	for range 50_000 {
		values += w.draw(rng) / 50_000
	}
	t := Threshold{Metric: Average, Operator: "<", Limit: 1.1e9 * values}
	return entry{gate: "threshold avg", world: w.name, design: fmt.Sprintf("1 × %d", samples), judge: func(worse float64, rng *rand.Rand) Verdict {
		return t.judge(newEvidence(&analysis.Cell{}, []start.List{w.run(samples, 1+worse, 0, rng)})).Verdict
	}}
}

// abEntry is the gate over two sides of one run, which ends as soon as it knows, with
// services that differ for good.
func abEntry(w world, blocks int, lastingly float64, quantiles ...float64) entry {
	name := w.name
	if lastingly > 0 {
		name += fmt.Sprintf(", services differ by %s", percent(lastingly))
	}
	return entry{gate: "ab " + names(quantiles) + " and failed", world: name, design: fmt.Sprintf("%d blocks", blocks), judge: func(worse float64, rng *rand.Rand) Verdict {
		run := w.sides(blocks, worse, lastingly, rng)
		v, _ := judgeUntilKnown(run, ABOptions{Quantiles: quantiles, Interim: true}.withDefaults())
		return v
	}}
}

// judgeUntilKnown looks after each block, as a run does, and ends as soon as all is
// known, and says after how many blocks that was. It asks the rules first, because
// judging everything anew takes time.
func judgeUntilKnown(run *record.Run, o ABOptions) (Verdict, int) {
	blocks := blocksOf(run, true)
	pairs := pairsOf(blocks)
	var rules []*sequential
	for _, q := range o.Quantiles {
		rules = append(rules, newABRule(q, o.Tolerance.Of(1e9), alphaLatency/float64(len(o.Quantiles))))
	}
	for i := range blocks {
		all := newResult(nil)
		for _, r := range rules {
			all.add(Judgement{Verdict: r.add(pairs[i])})
		}
		look := i%20 == 19 || i%5 == 4 && all.Verdict == Pass // failures take time to judge
		if look && all.Verdict != Fail {
			all.add((&abSides{b: newEvidence(&analysis.Cell{}, nil), blocks: blocks[:i+1]}).judgeFailures())
		}
		if all.Verdict == Fail || look && all.Verdict == Pass {
			if v := judgeFirst(run, i+1, o); v == Fail || v == Pass {
				return v, i + 1
			}
		}
	}
	return judgeFirst(run, len(blocks), o), len(blocks)
}

// judgeFirst judges the first blocks of a run.
func judgeFirst(run *record.Run, blocks int, o ABOptions) Verdict {
	head := *run
	head.Samples = run.Samples[:2*blocks]
	s := &abSides{services: lastingOf(&head), blocks: blocksOf(&head, true)}
	s.pairs = pairsOf(s.blocks)
	all := start.Of(&head)
	s.a = newEvidence(&analysis.Cell{Key: record.Key{Variant: "a"}}, []start.List{all[record.Key{Variant: "a", Services: 1}]})
	s.b = newEvidence(&analysis.Cell{Key: record.Key{Variant: "b"}}, []start.List{all[record.Key{Variant: "b", Services: 1}]})
	return s.judge(o, newResult(nil)).Verdict
}

// abServices is how many services each side has.
const abServices = 12

// sides draws a run of blocks of both sides in random order.
func (w world) sides(blocks int, worse, lastingly float64, rng *rand.Rand) *record.Run {
	var lasting [2][abServices]float64
	for side := range lasting {
		for i := range lasting[side] {
			lasting[side][i] = lastingly * rng.NormFloat64()
		}
	}
	r := &record.Run{}
	list := w.run(2*blocks, 1, 0, rng)
	for block := range blocks {
		first := rng.IntN(2)
		for k := range 2 {
			side, at := (first+k)%2, list[2*block+k]
			service := rng.IntN(abServices)
			d := float64(at.Latency) * math.Exp(lasting[side][service])
			fails := w.baseFails
			if side == 1 {
				d, fails = d*(1+worse), w.newFails
			}
			s := record.Sample{Variant: string(rune('a' + side)), Services: 1, Block: block, Service: fmt.Sprint(side, service), Cold: record.Proven,
				Outcome: record.OK, ResponseLatency: time.Duration(d), ClientTimeout: 100 * time.Second}
			if rng.Float64() < fails {
				s.Outcome = record.HTTP
			}
			r.Samples = append(r.Samples, s)
		}
	}
	return r
}

// entries are all rows of the table.
func entries() []entry {
	var list []entry
	for _, w := range []world{plainWorld, heavyWorld, ticksWorld, runsWorld, wanderWorld, allWorld} {
		list = append(list,
			baselineEntry(w, equal(3, 5), 0.5), baselineEntry(w, equal(5, 20), 0.5, 0.95), baselineEntry(w, equal(10, 60), 0.5, 0.95))
	}
	for _, w := range []world{plainWorld, heavyWorld, runsWorld, allWorld} {
		list = append(list, baselineEntry(w, design{10, 100, 3, 10}, 0.5), baselineEntry(w, design{3, 10, 10, 100}, 0.5, 0.95))
	}
	for _, w := range []world{plainWorld, heavyWorld, runsWorld, wanderWorld, allWorld} {
		list = append(list, loadEntry(w, equal(5, 200)), loadEntry(w, design{10, 200, 3, 200}))
	}
	list = append(list, loadEntry(allWorld, equal(10, 200)))
	for _, w := range []world{newFailWorld, oldFailWorld} {
		list = append(list, baselineEntry(w, equal(5, 20), 0.5), baselineEntry(w, equal(10, 60), 0.5))
	}
	for _, w := range []world{plainWorld, heavyWorld, ticksWorld, wanderWorld} {
		list = append(list, sloEntry(w, 1, 100, 0.5), sloEntry(w, 1, 100, 0.95), sloEntry(w, 1, 300, 0.95))
	}
	for _, w := range []world{plainWorld, heavyWorld, ticksWorld, runsWorld, allWorld} {
		list = append(list, sloEntry(w, 3, 60, 0.5), sloEntry(w, 5, 60, 0.95), sloEntry(w, 10, 60, 0.95))
	}
	list = append(list, meanEntry(plainWorld, 300), meanEntry(heavyWorld, 300), meanEntry(ticksWorld, 300), roundsEntry(3, 100), roundsEntry(7, 500))
	for _, w := range []world{{name: "quiet, sigma 0.15", draw: quiet}, plainWorld, ticksWorld, wanderWorld, newFailWorld, oldFailWorld} {
		list = append(list, abEntry(w, 200, 0, 0.5, 0.95))
	}
	list = append(list, abEntry(world{name: "quiet, sigma 0.15", draw: quiet}, 200, 0, 0.5), abEntry(world{name: "quiet, sigma 0.15", draw: quiet}, 200, 0.05, 0.5),
		abEntry(world{name: "10 % of the new fail", draw: quiet, newFails: 0.1}, 200, 0, 0.5).isWorse())
	return append(list, baselineEntry(world{name: "10 % of the new fail", draw: quiet, newFails: 0.1}, equal(10, 60), 0.5, 0.95).isWorse())
}

func (e entry) isWorse() entry {
	e.worse = true
	return e
}

// tallied counts the verdicts of one entry at one truth.
func (e entry) tallied(worse float64, rounds int, seed uint64) map[Verdict]int {
	seen := map[Verdict]int{}
	rng := stat.NewRand(seed)
	for range rounds {
		seen[e.judge(worse, rng)]++
	}
	return seen
}

// bound allows a share of 5 % three standard errors of so many rounds.
func bound(rounds int) int {
	n := float64(rounds)
	return int(math.Ceil(0.05*n + 3*math.Sqrt(0.05*0.95*n)))
}

func TestSimulation(t *testing.T) {
	rounds, out := 15, io.Discard
	if *simulate > 0 {
		rounds, out = *simulate, io.Writer(os.Stdout)
	}
	fmt.Fprintln(out, "| gate | generator | runs × starts | truth 0 | +10 % | +25 % | +50 % |")
	fmt.Fprintln(out, "| --- | --- | --- | ---: | ---: | ---: | ---: |")
	for i, e := range entries() {
		t.Run(fmt.Sprintf("%s, %s, %s", e.gate, e.world, e.design), func(t *testing.T) {
			cells := []string{e.gate, e.world, e.design}
			for k, worse := range truths {
				rounds := rounds
				if worse == 0 && *simulate > 0 {
					rounds *= max(1, e.often)
				}
				seen := e.tallied(worse, rounds, uint64(10*i+k))
				share := func(v Verdict) float64 { return 100 * float64(seen[v]) / float64(rounds) }
				cells = append(cells, fmt.Sprintf("%.1f / %.1f / %.1f", share(Fail), share(Pass), share(Inconclusive)))
				if worse == 0 && !e.worse && seen[Fail] > bound(rounds) {
					t.Errorf("%d of %d fail though nothing is slower", seen[Fail], rounds)
				}
				if (worse >= 0.25 || e.worse) && seen[Pass] > bound(rounds) {
					t.Errorf("%d of %d pass at %s", seen[Pass], rounds, signedPercent(worse))
				}
			}
			fmt.Fprintln(out, "| "+strings.Join(cells, " | ")+" |")
		})
	}
}

// TestSimulationCoverage shows how often the true quantile is between the bounds by
// which a threshold from above and one from below pass. Each holds with 95 % confidence
// on its side, so both do 90 % of the time.
func TestSimulationCoverage(t *testing.T) {
	rounds, out := 100, io.Discard
	if *simulate > 0 {
		rounds, out = 2**simulate, io.Writer(os.Stdout)
	}
	fmt.Fprintln(out, "| generator | runs × starts | p50 | p95 |")
	fmt.Fprintln(out, "| --- | --- | ---: | ---: |")
	for _, w := range []world{plainWorld, heavyWorld, ticksWorld, runsWorld, wanderWorld, allWorld} {
		for _, d := range []design{equal(1, 100), equal(1, 300), equal(3, 60), equal(5, 60), equal(10, 60), equal(10, 20)} {
			if d.newRuns == 1 && w.between > 0 {
				continue // a single run does not know how runs differ
			}
			t.Run(fmt.Sprintf("%s, %s", w.name, d), func(t *testing.T) {
				cells := []string{w.name, d.String()}
				for _, q := range []float64{0.5, 0.95} {
					share := w.covered(d, q, rounds)
					cells = append(cells, fmt.Sprintf("%.1f %%", 100*share))
					if slack := 3 * math.Sqrt(0.9*0.1/float64(rounds)); share < 0.9-slack {
						t.Errorf("p%g is between its bounds %.1f %% of the time", 100*q, 100*share)
					}
				}
				fmt.Fprintln(out, "| "+strings.Join(cells, " | ")+" |")
			})
		}
	}
}

// covered is how often the quantile's bounds hold the true one.
func (w world) covered(d design, q float64, rounds int) float64 {
	rng, truth, covered := stat.NewRand(11), 1e9*w.quantile(q), 0
	for range rounds {
		var runs []start.List
		for range d.newRuns {
			runs = append(runs, w.run(d.new, 1, 0, rng))
		}
		e := newEvidence(&analysis.Cell{}, runs)
		above := e.quantileBounds(Threshold{Quantile: q, Operator: "<"})
		below := e.quantileBounds(Threshold{Quantile: q, Operator: ">"})
		if below.low <= truth && truth <= above.high {
			covered++
		}
	}
	return float64(covered) / float64(rounds)
}

func kth(values []float64, k int) float64 {
	slices.Sort(values)
	return values[k-1]
}

// TestSimulationBlocks shows after how many blocks ab ends with the right verdict: with
// a pass where the sides are the same, with a failure where b is slower by a quarter.
func TestSimulationBlocks(t *testing.T) {
	if *simulate == 0 {
		t.Skip("a table for people, of what TestSimulation checks")
	}
	fmt.Println("| ab | generator | pass at truth 0 | fail at +25 % |")
	fmt.Println("| --- | --- | ---: | ---: |")
	worlds := []world{{name: "quiet, sigma 0.15", draw: quiet}, {name: "sigma 0.25", draw: func(rng *rand.Rand) float64 { return math.Exp(0.25 * rng.NormFloat64()) }}, plainWorld, ticksWorld}
	for _, quantiles := range [][]float64{{0.5}, {0.5, 0.95}} {
		for _, w := range worlds {
			fmt.Printf("| %s and failed | %s | %s | %s |\n", names(quantiles), w.name,
				w.blocksUntil(Pass, 0, quantiles), w.blocksUntil(Fail, 0.25, quantiles))
		}
	}
}

// blocksUntil says after how many of 1000 blocks the verdict comes: at the median, and
// in nine of ten runs.
func (w world) blocksUntil(want Verdict, worse float64, quantiles []float64) string {
	const most = 1000
	rng := stat.NewRand(5)
	var blocks []float64
	for range *simulate {
		v, n := judgeUntilKnown(w.sides(most, worse, 0, rng), ABOptions{Quantiles: quantiles, Interim: true}.withDefaults())
		if v != want {
			n = most
		}
		blocks = append(blocks, float64(n))
	}
	text := func(q float64) string {
		if n := kth(blocks, stat.Rank(q, len(blocks))); n < most {
			return number(n)
		}
		return fmt.Sprintf("> %d", most)
	}
	return text(0.5) + ", " + text(0.9)
}
