package loadgen

import (
	"math/rand/v2"
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
// The orders come from PCG with the given seed and nothing else, so that they can
// be made again from the run file.
func plan(targets []record.Target, iterations int, seed uint64) []trial {
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

// byClass groups the indices of targets by RuntimeClass and variant, both in the
// order given.
func byClass(targets []record.Target) [][]int {
	var classes [][]int
	place := map[record.Class]int{}
	for i, t := range targets {
		name := record.Class{Name: t.RuntimeClass, Variant: t.Variant}
		class, known := place[name]
		if !known {
			class = len(classes)
			place[name] = class
			classes = append(classes, nil)
		}
		classes[class] = append(classes[class], i)
	}
	return classes
}

// most is the length of the longest.
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
	// expectedColdStart is a guess on the low side: too many services cost some
	// time to create, too few make every trial wait.
	expectedColdStart = 800 * time.Millisecond
)

// MaxServicesPerClass bounds what ServicesPerClass asks for.
const MaxServicesPerClass = 20

// ServicesPerClass is how many services of each class have to take turns so that
// one is back at zero pods when its turn comes again. When its turn was the last
// of a block and is the first of another, as many blocks lie between the two as
// it has other services beside it:
//
//	(services - 1) × classes × cold start  ≥  window + grace + tick + termination
//
// It never asks for more services than there are iterations, nor for more than
// MaxServicesPerClass; with a long stable window trials then have to wait.
func ServicesPerClass(window, grace time.Duration, classes, iterations int) int {
	if classes < 1 {
		return 1
	}
	back := window + grace + autoscalerTick + podTermination
	block := time.Duration(classes) * expectedColdStart
	services := int((back+block-1)/block) + 1
	return max(1, min(services, iterations, MaxServicesPerClass))
}
