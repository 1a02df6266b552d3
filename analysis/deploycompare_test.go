package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// deployedRun is a run that deployed six services of each class in each round, those of
// crun so many times as slowly. Rounds differ by a fifth, and both classes of a round by a
// tenth as well.
func deployedRun(id string, rounds int, slower float64, rng *rand.Rand) *record.Run {
	b := runtest.New(id, "runc", "crun").Add("runc", 6, time.Second).Add("crun", 6, time.Second)
	for block := range rounds {
		round := math.Exp(0.1 * rng.NormFloat64())
		for i, class := range []string{"runc", "crun"} {
			times := make([]time.Duration, 6)
			ofClass := []float64{1, slower}[i] * round * math.Exp(0.2*rng.NormFloat64())
			for k := range times {
				times[k] = time.Duration(2e9 * ofClass * math.Exp(0.03*rng.NormFloat64()))
			}
			b.Deploy(class, record.Batch{Block: block + 1}, times...)
		}
	}
	r := b.Run()
	r.Header.Shape, r.Header.Settings.Services = record.Shape{Rounds: true}, []int{6}
	r.Header.Settings.Iterations, r.Header.Settings.DeployRounds = rounds, true
	return r
}

// readyChanges are the changes of how long services took to get Ready.
func readyChanges(t *testing.T, c *Comparison, err error) []Finding[stat.Change] {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range c.Rows {
		if row.Step == record.StepReady {
			if row.Shape != nil {
				t.Error("services that depend on one another are ranked")
			}
			return row.Changes
		}
	}
	t.Fatalf("no deployments: %+v", c.Rows)
	return nil
}

// Services that are deployed together say no more than their round does: where classes are
// alike, a difference is rarely shown, though their services would show one several times as often.
func TestDeploymentsAreComparedByRound(t *testing.T) {
	rng, shown, services := stat.NewRand(1), 0, 0
	const times = 60
	for range times {
		r := deployedRun("r", 5, 1, rng)
		c, err := CompareClasses([]*record.Run{r}, CompareOptions{})
		change := readyChanges(t, c, err)[0]
		if change.Result.P <= Alpha {
			shown++
		}
		groups := groupDeployments(Summarise(r))
		alone := stat.ChangeOf(groups[0].parts(record.StepReady).Joined(), groups[1].parts(record.StepReady).Joined(), 0.5, 1)
		if alone.P <= Alpha {
			services++
		}
	}
	if most := times/20 + 5; shown > most || services < times/6 {
		t.Errorf("a difference is shown in %d of %d, %d at most; by services alone in %d", shown, times, most, services)
	}
}

func TestADifferenceOfDeployments(t *testing.T) {
	rng := stat.NewRand(2)
	c, err := CompareClasses([]*record.Run{deployedRun("r", 12, 2, rng)}, CompareOptions{})
	for _, f := range readyChanges(t, c, err)[:1] {
		if !f.Shown || f.Result.Ratio.Value < 1.4 || f.Result.Ratio.Value > 2.8 {
			t.Errorf("%+v", f)
		}
	}
	var base, new []*record.Run
	for i := range 6 {
		base, new = append(base, deployedRun(fmt.Sprint("a", i), 3, 1, rng)), append(new, deployedRun(fmt.Sprint("b", i), 3, 2, rng))
	}
	c, err = Compare(base, new, CompareOptions{})
	if f := readyChanges(t, c, err)[0]; f.Shown || !f.Result.Tested {
		t.Errorf("runc, which is the same: %+v", f)
	}
	for _, row := range c.Rows {
		if row.Step == record.StepReady && row.New.RuntimeClass == "crun" && !row.Changes[0].Shown {
			t.Errorf("crun, which is twice as slow: %+v", row.Changes[0])
		}
	}
}

// One round is one observation, which shows nothing, and what is not known of all services
// is not compared.
func TestDeploymentsThatShowNothing(t *testing.T) {
	rng := stat.NewRand(3)
	c, err := Compare([]*record.Run{deployedRun("a", 1, 1, rng)}, []*record.Run{deployedRun("b", 1, 1, rng)}, CompareOptions{})
	for _, f := range readyChanges(t, c, err) {
		if f.Shown || f.Result.Tested || f.Result.Ratio.Interval || f.Result.Difference.Interval || f.Result.Ratio.Value == 0 {
			t.Errorf("%+v", f)
		}
	}
	r := deployedRun("r", 3, 1, rng)
	r.Deployments[0].RouteUnknown = "why"
	if c, err = CompareClasses([]*record.Run{r}, CompareOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, row := range c.Rows {
		if row.Step == record.StepRoutable {
			t.Errorf("%+v", row)
		}
	}
	alone := deployedRun("none", 0, 1, rng)
	if c, err = Compare([]*record.Run{r}, []*record.Run{alone}, CompareOptions{}); err != nil || len(c.Rows) != 2 {
		t.Errorf("%v: %+v", err, c)
	}
}
