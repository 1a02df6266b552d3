package gate

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

func TestCalibrate(t *testing.T) {
	c, err := Calibrate(side(8, 30, time.Second, 1), Goal{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !c.Reached || c.Goal != (Goal{Worse: 0.25, Power: 0.8}) || len(c.Noise) != 2 {
		t.Fatalf("calibrated %+v", c)
	}
	n := c.Noise[0]
	if n.Runs != 8 || n.Samples != 30 || n.Quantile != 0.5 || math.Abs(float64(n.Value.Latency)/1e9-1) > 0.05 {
		t.Errorf("noise is %+v", n)
	}
	// The median of 30 samples with sigma 0.2 has a standard deviation of 4.6 %.
	if n.Seen < 0.02 || n.Seen > 0.09 || n.Between > n.Seen {
		t.Errorf("noise is %+v", n)
	}
	for _, n := range c.Noise {
		if n.FalseAlarms > 0.05 || n.Caught < 0.8 {
			t.Errorf("the proposal %+v has %+v", c.Proposal, n)
		}
	}
	if p := c.Proposal; p.Runs < 4 || p.Samples < 10 || p.Tolerance.Share < 0.10 || p.Tolerance.Share > 0.25 {
		t.Errorf("the proposal is %+v", p)
	}
}

// What is proposed holds on fresh runs of the same world.
func TestCalibrationIsTrue(t *testing.T) {
	w, rounds := world{name: "drift", draw: quiet, between: 0.03}, 200
	var runs []*record.Run
	for i := range 10 {
		b := runtest.New(fmt.Sprint("r", i), "runc")
		w.fill(b, 60, uint64(i))
		runs = append(runs, b.Run())
	}
	c, err := Calibrate(runs, Goal{}, Options{Quantiles: []float64{0.5}})
	if err != nil || !c.Reached {
		t.Fatalf("%v, %+v", err, c)
	}
	d := baselineEntry(w, equal(c.Proposal.Runs, c.Proposal.Samples), 0.5)
	if same := d.tallied(0, rounds, 5); same[Fail] > bound(rounds) || same[Pass] < rounds*60/100 {
		t.Errorf("%+v judges what is the same as %v", c.Proposal, same)
	}
	if worse := d.tallied(0.25, rounds, 6); worse[Fail] < rounds*60/100 {
		t.Errorf("%+v judges +25 %% as %v", c.Proposal, worse)
	}
}

// fill adds the samples of one run of the world.
func (w world) fill(b *runtest.Builder, samples int, seed uint64) {
	for _, s := range w.run(samples, 1, 0, stat.NewRand(seed)) {
		b.Add("runc", 1, s.Latency)
	}
}

func TestCalibrateOutOfReach(t *testing.T) {
	c, err := Calibrate(side(5, 30, time.Second, 1), Goal{Worse: 0.10, Power: 0.99}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Reached || c.Proposal.Runs != 10 || c.Proposal.Samples != 100 {
		t.Errorf("calibrated %+v", c)
	}
}

func TestCalibrateErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		runs []*record.Run
		want string
	}{
		{"nothing", nil, "the runs have no samples"},
		{"two runs", side(2, 30, time.Second, 1), "it takes 3 runs of the same thing, there are 2"},
		{"few samples", side(3, 7, time.Second, 1), "p95 takes 10 proven cold starts a run; one has 7"},
		{"two clusters", append(side(3, 30, time.Second, 1), side(1, 30, time.Second, 2, kernel("7"))...), "not of the same thing: kernel is 7"},
		{"warm", []*record.Run{steady(30, runtest.Coldness(record.Warm))}, "not proven cold"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Calibrate(c.runs, Goal{}, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := Calibrate(nil, Goal{}, Options{}); !errors.Is(err, ErrNothingToJudge) {
		t.Errorf("got %v", err)
	}
	if _, err := Calibrate(nil, Goal{}, Options{Quantiles: []float64{2}}); err == nil {
		t.Error("a wrong option is taken")
	}
}
