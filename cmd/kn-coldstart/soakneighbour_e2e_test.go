//go:build e2e && soak

package main

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/cluster"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// neighbour is a user who measures with the library in the test's own process, so that
// its goroutines and its memory can be counted.
type neighbour struct {
	id, file     string
	begun, taken atomic.Int64 // trials and samples
	cancel       context.CancelFunc
	ended        chan error
	looks        []look
}

// look is what the process takes between two turns.
type look struct {
	goroutines int
	heap       uint64 // bytes
}

// startNeighbour starts a run of one service that goes on until it is stopped.
func startNeighbour(t *testing.T) *neighbour {
	t.Helper()
	c, err := cluster.Connect(ksvc.Kubeconfig{Path: filepath.Join(nodeStateDir, "kubeconfig")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := &neighbour{file: filepath.Join(t.TempDir(), "neighbour.jsonl"), cancel: cancel, ended: make(chan error, 1)}
	go func() {
		_, err := experiment.Run(ctx, c, &experiment.Single{
			Setup: experiment.Setup{
				Classes: []record.Class{{Name: "runc", Image: nodeImage}},
				Service: experiment.Service{StableWindow: 6 * time.Second, ClientTimeout: 20 * time.Second},
				RunFile: n.file,
			},
			Iterations: 10_000, ServicesPerClass: 1,
		}, experiment.ObserverFunc(n.see))
		n.ended <- err
	}()
	awaitSamples(t, n.file, 2)
	n.id = read(t, n.file).Header.RunID
	return n
}

func (n *neighbour) see(notice experiment.Notice) {
	switch notice.(type) {
	case experiment.TrialBegun:
		n.begun.Add(1)
	case experiment.SampleTaken:
		n.taken.Add(1)
	}
}

// look counts what the process takes, and checks that the run goes on.
func (n *neighbour) look(t *testing.T) {
	t.Helper()
	select {
	case err := <-n.ended:
		t.Fatalf("the neighbour's run has ended: %v", err)
	default:
	}
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	n.looks = append(n.looks, look{runtime.NumGoroutine(), memory.HeapAlloc})
	t.Logf("the neighbour: %d samples, %d goroutines, %.1f MB of heap", n.taken.Load(), runtime.NumGoroutine(), float64(memory.HeapAlloc)/1e6)
}

// stop interrupts the run and accounts for its trials.
func (n *neighbour) stop(t *testing.T) {
	t.Helper()
	n.cancel()
	if err := <-n.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the neighbour's run ended with %v", err)
	}
	run := read(t, n.file)
	a := tally{}
	a.count(run)
	t.Logf("the neighbour, %v: %s", run.End.At.Round(time.Second), a)
	// The discarded start is made without a word beforehand.
	if accounted := int64(len(run.Samples) - discarded(run) + a[abandoned]); n.begun.Load() != accounted {
		t.Errorf("%d trials were begun, and %d are in the file", n.begun.Load(), accounted)
	}
	if int64(len(run.Samples)) != n.taken.Load() {
		t.Errorf("%d samples were taken, and %d are in the file", n.taken.Load(), len(run.Samples))
	}
	wantNoProofInGap(t, run)
	wantRemoved(t, run)
	wantFlat(t, n.looks)
}

// wantFlat checks that the last quarter of the test takes no more than the first did, but
// for what belongs to the moment, and for what the run knows of each of its samples.
func wantFlat(t *testing.T, looks []look) {
	t.Helper()
	quarter := max(1, len(looks)/4)
	var first, last look
	for i := range quarter {
		first.goroutines, first.heap = max(first.goroutines, looks[i].goroutines), max(first.heap, looks[i].heap)
		end := looks[len(looks)-1-i]
		last.goroutines, last.heap = max(last.goroutines, end.goroutines), max(last.heap, end.heap)
	}
	t.Logf("most in the first quarter and in the last: %d and %d goroutines, %.1f and %.1f MB of heap",
		first.goroutines, last.goroutines, float64(first.heap)/1e6, float64(last.heap)/1e6)
	if last.goroutines > first.goroutines+5 {
		t.Errorf("from %d goroutines to %d", first.goroutines, last.goroutines)
	}
	if last.heap > first.heap+4<<20 {
		t.Errorf("from %d bytes of heap to %d", first.heap, last.heap)
	}
}
