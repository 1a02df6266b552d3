package experiment

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// trial is one cold start that a plan asks for.
type trial struct {
	block     int
	discarded bool
	target    int
}

// plan orders the trials of a single-instance experiment: block 0 is discarded
// and fires every service once, then each block is one pass over all classes in
// an order of its own. Within a class the services take turns.
//
// The first start of each service is discarded for more than caches: of a revision
// that never had traffic the autoscaler has no scale yet (its DesiredScale is -1),
// and only a scale of zero is woken at once by the activator's report. The first
// start has to wait for the autoscaler's next tick, every later one does not. On
// the embedded node the phase scaled comes 0 to 2.0 s after the request at a first
// start, 1.1 s at the median, and 0.03 s after it later.
// https://github.com/knative/serving/blob/v0.50.0/pkg/autoscaler/scaling/multiscaler.go
// (MultiScaler.Poke, createScaler)
//
// The orders come from PCG with the given seed and nothing else, so that they can
// be made again from the run file.
func planOf(targets []record.Target, iterations int, seed uint64) []trial {
	order := rand.New(rand.NewPCG(seed, 0))
	classes := byClass(targets)
	var trials []trial
	pass := func(block, turn int, discarded bool) {
		for _, class := range order.Perm(len(classes)) {
			services := classes[class]
			if discarded && turn >= len(services) {
				continue
			}
			trials = append(trials, trial{block, discarded, services[turn%len(services)]})
		}
	}
	for turn := range most(classes) {
		pass(0, turn, true)
	}
	for i := range iterations {
		pass(i+1, i, false)
	}
	return trials
}

// firstMeasured is where the measured trials of a plan begin. Those before it are
// discarded.
func firstMeasured(trials []trial) int {
	if first := slices.IndexFunc(trials, func(t trial) bool { return !t.discarded }); first >= 0 {
		return first
	}
	return len(trials)
}

// byClass groups the indices of targets by RuntimeClass and variant, both in the
// order given.
func byClass(targets []record.Target) [][]int {
	var classes [][]int
	place := map[record.Key]int{}
	for i, t := range targets {
		class, known := place[t.Key()]
		if !known {
			class = len(classes)
			place[t.Key()] = class
			classes = append(classes, nil)
		}
		classes[class] = append(classes[class], i)
	}
	return classes
}

// most is the number of services of the class that has the most.
func most(classes [][]int) int {
	n := 0
	for _, services := range classes {
		n = max(n, len(services))
	}
	return n
}

// What a service needs to come back to zero, beside its stable window and the
// grace period.
const (
	// autoscalerTick is how often Knative's autoscaler decides.
	autoscalerTick = 2 * time.Second
	// podTermination is what it takes to end a pod whose function exits at once:
	// queue-proxy serves on for 30 s, until every router has forgotten the pod.
	podTermination = 32 * time.Second
	// expectedColdStart is from one trial's request to the next's, proof and warm
	// requests included. The embedded node takes 1.4 s on 2 cores, over runc, crun
	// and gVisor; this is a little less, for quicker machines. Each service more
	// costs a discarded start and its creation and removal, some 3 s of a run; with
	// too few, trials wait for zero. 800 ms made a run of 3 classes and 30
	// iterations a fifth longer than this.
	expectedColdStart = 1200 * time.Millisecond
)

// mostServicesPerClass bounds the answer of servicesPerClass.
const mostServicesPerClass = 20

// servicesPerClass is how many services of each class have to take turns so that
// one is back at zero pods when its turn comes again. When its turn was the last
// of a block and is the first of another, as many blocks lie between the two as
// it has other services beside it:
//
//	(services - 1) × classes × cold start  ≥  window + grace + tick + termination
//
// It never asks for more services than there are iterations, nor for more than
// mostServicesPerClass; with a long stable window trials then have to wait.
func servicesPerClass(window, grace time.Duration, classes, iterations int) int {
	if classes < 1 {
		return 1
	}
	back := window + grace + autoscalerTick + podTermination
	block := time.Duration(classes) * expectedColdStart
	services := int((back+block-1)/block) + 1
	return max(1, min(services, iterations, mostServicesPerClass))
}
