//go:build e2e && soak

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TestSoak runs experiments one after the other for as long as SOAK says, and injects a
// fault at a random moment of each: parts of the cluster are killed, the tool is killed
// or loses its terminal, its disk is full. Each trial has to be accounted for, and
// nothing may be left. All the while another user, who uses the library, measures in the
// same namespace.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("SOAK"))
	if err != nil {
		t.Fatalf("SOAK says how long: %v", err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	before := readObservability(t)
	other := startNeighbour(t)
	var done []turn
	for began, left := time.Now(), []turn(nil); time.Since(began) < length; {
		if len(left) == 0 {
			left = allTurns(random)
		}
		now := left[0]
		left = left[1:]
		t.Run(now.name(), func(t *testing.T) {
			now.take(t, other)
			wantRestored(t, before)
			t.Logf("the fault after %.0f s: %s", now.after.Seconds(), now.result)
		})
		done = append(done, now)
		other.look(t)
	}
	other.stop(t)
	wantNothingLeft(t)
	t.Log("\n" + tableOf(done))
}

// turn is one experiment with one fault.
type turn struct {
	experiment soaked
	fault      fault
	after      time.Duration // from the start of the tool to the fault
	result     tally
}

// soaked is an experiment of the soak test.
type soaked struct {
	name string
	args []string
	// trials is how many a run that is not cut off makes.
	trials func(*record.Run) int
}

var soakedExperiments = []soaked{
	{"single", strings.Fields("single --runtime-class runc,crun,gvisor --iterations 2 --services-per-class 1 --client-timeout 20s"),
		func(*record.Run) int { return 3 * (1 + 2) }},
	{"traces", strings.Fields("single --runtime-class runc --iterations 2 --services-per-class 1 --client-timeout 20s --traces"),
		func(run *record.Run) int { return 1 + 2 + 2 + tracedFirst(run) }},
	{"scale", strings.Fields("scale --runtime-class runc --services 3,6 --stable-window 6s --client-timeout 30s"),
		func(run *record.Run) int { return 3 + 6 + discarded(run) }},
}

// tracedFirst is how many traced starts were discarded: one for each service, of which
// the tool chooses the number.
func tracedFirst(run *record.Run) int {
	return countSamples(run, func(s record.Sample) bool { return s.Traced && s.Discarded })
}

func discarded(run *record.Run) int {
	return countSamples(run, func(s record.Sample) bool { return s.Discarded })
}

func countSamples(run *record.Run, which func(record.Sample) bool) int {
	n := 0
	for _, s := range run.Samples {
		if which(s) {
			n++
		}
	}
	return n
}

// allTurns is each experiment with each fault, in a random order.
func allTurns(random *rand.Rand) []turn {
	var all []turn
	for _, e := range soakedExperiments {
		for _, f := range faults {
			all = append(all, turn{experiment: e, fault: f, after: time.Duration(random.Int64N(int64(40 * time.Second)))})
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func (n *turn) name() string { return n.experiment.name + ", " + n.fault.name }

// take runs the experiment, injects the fault and accounts for what is there afterwards.
func (n *turn) take(t *testing.T, other *neighbour) {
	folder, remove := n.fault.folder(t)
	defer remove()
	file := filepath.Join(folder, "run.jsonl")
	cmd := start(t, append(slices.Clone(n.experiment.args), "--run-file", file)...)
	ended := make(chan result, 1)
	go func() { ended <- finish(t, cmd) }()
	var r result
	select {
	case r = <-ended:
		n.after = 0 // the fault came too late, or it was there from the start
	case <-time.After(n.after):
		n.fault.inject(t, cmd.Process)
		r = <-ended
	}
	n.result = accountFor(t, n, file, r)
	n.fault.mend(t, other)
	wantOnly(t, other.id)
}

// tableOf lists what each fault did to each experiment.
func tableOf(turns []turn) string {
	type row struct {
		name  string
		times int
		sum   tally
	}
	var rows []row
	for _, n := range turns {
		i := slices.IndexFunc(rows, func(r row) bool { return r.name == n.name() })
		if i < 0 {
			i, rows = len(rows), append(rows, row{name: n.name(), sum: tally{}})
		}
		rows[i].times++
		rows[i].sum.add(n.result)
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%-28s %2d times: %s\n", r.name, r.times, r.sum)
	}
	return b.String()
}

// read reads a run file, which is not there if the run ended before its first line.
func read(t *testing.T, file string) *record.Run {
	t.Helper()
	run, err := record.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, record.ErrNotRunFile) {
		return nil
	}
	if err != nil {
		t.Error(err)
		return nil
	}
	return run
}
