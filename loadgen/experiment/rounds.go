package experiment

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// rounds sends first requests to many services together. Before each round all
// services of all classes are awaited at zero pods.
type rounds struct {
	recorder
	sender sender
	// targets are the services of all classes, as many of each as the largest round
	// has; a smaller round takes the first of them.
	targets []record.Target
	// warm are the services that a first, discarded round fires, class by class. They
	// may be among the targets, or services of their own that return to zero sooner.
	warm []record.Target
	// services are the numbers of services to fire together, in this order; each block
	// is one round of every class at each number.
	services    []int
	iterations  int
	arrival     loadgen.Arrival
	preconnect  bool
	settle      time.Duration
	seed        uint64
	zeroTimeout time.Duration
	// instances counts those of a class now.
	instances func(record.Key) record.InstanceCount

	// fired is how many rounds were begun, and planned how many there will be, zero where
	// that is not known.
	fired, planned int
}

// run makes all planned rounds. When the context ends it stops sending and returns
// the rounds that there are, the last of them perhaps in part, with the context's
// error. All samples have been written down by then.
func (r *rounds) run(ctx context.Context) ([]Round, error) {
	plans := r.plan()
	r.planned = len(plans)
	for _, p := range plans {
		r.total += p.Services
	}
	var all []Round
	for _, p := range plans {
		round, err := r.fire(ctx, p)
		all = append(all, round)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// plan is the rounds in their order: first those that warm caches, discarded; then
// block by block every number of services, and for each of them all classes in an
// order of its own.
func (r *rounds) plan() []RoundPlan {
	plans := r.warming()
	order := rand.New(rand.NewPCG(r.seed, 0))
	classes := byClass(r.targets)
	for block := range r.iterations {
		for _, n := range r.services {
			for _, class := range order.Perm(len(classes)) {
				key := r.targets[classes[class][0]].Key()
				key.Services = n
				plans = append(plans, RoundPlan{Key: key, Block: block + 1})
			}
		}
	}
	return plans
}

// warming is the rounds that warm caches.
func (r *rounds) warming() []RoundPlan {
	var plans []RoundPlan
	for _, class := range byClass(r.warm) {
		key := r.warm[class[0]].Key()
		key.Services = len(class)
		plans = append(plans, RoundPlan{Key: key, Discarded: true})
	}
	return plans
}

// fire makes one round.
func (r *rounds) fire(ctx context.Context, p RoundPlan) (Round, error) {
	r.fired++
	r.observer.See(RoundPlanned{Number: r.fired, Of: r.planned, Plan: p, Arrival: r.arrival.String()})
	round := Round{RoundPlan: p}
	targets, err := r.atZero(ctx, p)
	if err != nil {
		return round, err
	}
	round.Skipped = p.Services - len(targets)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	k := &keeper{recorder: &r.recorder, plan: p, targets: targets, kept: make([]*record.Sample, len(targets)), stop: stop}
	class := p.Key.Class()
	err = r.sender.fire(ctx, pattern{r.arrival, r.seed, r.preconnect}, k, func() {
		r.observer.See(RoundFiring{p, targets, func() record.InstanceCount { return r.instances(class) }})
	})
	round.Samples, round.lost = k.samples(), k.lost
	if err != nil {
		return round, err
	}
	r.observer.See(RoundFired{round})
	return round, context.Cause(ctx)
}

// all are the targets and whatever else is warmed with.
func (r *rounds) all() []record.Target {
	all := slices.Clone(r.targets)
	for _, t := range r.warm {
		if !slices.Contains(r.targets, t) {
			all = append(all, t)
		}
	}
	return all
}

// atZero waits until all services of the experiment are at zero, settles, and
// returns those of the round. One that does not get there is left out.
func (r *rounds) atZero(ctx context.Context, p RoundPlan) ([]record.Target, error) {
	all, chosen := r.all(), r.chosen(p)
	waits := newZeros(ctx, r.cluster, all, r.zeroTimeout)
	var atZero atomic.Int64
	waits.done = func() { r.observer.See(RoundAtZero{int(atZero.Add(1)), len(all)}) }
	for i := range all {
		waits.start(i)
	}
	waits.wait()
	var ready []record.Target
	for i, t := range all {
		err, fired := waits.await(ctx, i), slices.Contains(chosen, t)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil && fired:
			ready = append(ready, t)
		case err == nil:
		case fired:
			err = r.skip(t, fmt.Errorf("block %d, %d services: %w", p.Block, p.Services, err))
		default:
			err = r.event(record.EventNotAtZero, t, err)
		}
		if err != nil {
			return nil, err
		}
	}
	return ready, pause(ctx, r.settle)
}

// chosen are the targets of a round: the first ones of its class.
func (r *rounds) chosen(p RoundPlan) []record.Target {
	from := r.targets
	if p.Discarded {
		from = r.warm
	}
	var chosen []record.Target
	for _, t := range from {
		if t.Key() == p.Key.Class() && len(chosen) < p.Services {
			chosen = append(chosen, t)
		}
	}
	return chosen
}
