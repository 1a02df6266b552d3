package loadgen

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// ScaleOptions are the settings of a scale experiment.
type ScaleOptions struct {
	// Services are the numbers of services to fire together, in this order.
	Services []int `json:"services"`
	// Iterations is how many blocks are measured; each block is one round of every
	// class at every number of services.
	Iterations int `json:"iterations"`
	// Arrival is how the requests of a round arrive.
	Arrival Arrival `json:"arrival"`
	// Preconnect opens all connections before the first request is sent.
	Preconnect bool `json:"preconnect"`
	// Settle is a pause between all services being at zero and the first request.
	Settle time.Duration `json:"settleNs"`
	// Seed decides the order of the classes, and the instants of a Poisson arrival.
	Seed uint64 `json:"seed"`
	// ZeroTimeout bounds the wait for all services to come back to zero pods; it
	// should be longer than the stable window and the grace period together.
	ZeroTimeout time.Duration `json:"zeroTimeoutNs"`
}

// Validate tells what is wrong with the options.
func (o ScaleOptions) Validate() error {
	var errs []error
	if len(o.Services) == 0 {
		errs = append(errs, errors.New("no number of services"))
	}
	if len(o.Services) > 0 && slices.Min(o.Services) < 1 {
		errs = append(errs, fmt.Errorf("number of services %d: need at least one", slices.Min(o.Services)))
	}
	if o.Iterations < 1 {
		errs = append(errs, fmt.Errorf("iterations is %d: need at least one", o.Iterations))
	}
	if o.ZeroTimeout <= 0 {
		errs = append(errs, fmt.Errorf("the limit on waiting for zero pods is %v: it must be positive", o.ZeroTimeout))
	}
	if o.Settle < 0 {
		errs = append(errs, fmt.Errorf("the time to settle is %v: it must not be negative", o.Settle))
	}
	return errors.Join(append(errs, o.Arrival.Validate())...)
}

// Scale is the scale experiment: one first request to each of N services of a
// class, together, for each N and class. Before each round all services of all
// classes are awaited at zero pods.
type Scale struct {
	Client  *Client
	Cluster Cluster
	Sink    Sink
	// Targets are the services of all classes, as many of each as the largest N;
	// a smaller N takes the first of them.
	Targets []record.Target
	// Warm are the services that a first, discarded round fires, class by class.
	// They may be among the targets, or services of their own that go back to zero
	// sooner.
	Warm    []record.Target
	Options ScaleOptions
	// OnSample, when set, is called after each sample was written down, with how
	// many of all samples are done.
	OnSample func(done, total int, s record.Sample)
	// OnRound, when set, is called before a round waits for zero pods, OnZero by
	// several goroutines when one more service is there, OnFire when all are and
	// the first request is sent next, OnFired with the round when it is over.
	OnRound func(c Cell)
	OnZero  func(done, total int)
	OnFire  func(c Cell)
	OnFired func(r Round)
}

// Cell is one round of the experiment: so many services of a class, fired together.
type Cell struct {
	RuntimeClass string
	Services     int
	Block        int
	Discarded    bool
}

// Run makes all rounds. When the context ends it stops sending and returns the
// rounds that there are, the last of them perhaps in part, with the context's
// error. All samples have been written to the sink already.
func (e *Scale) Run(ctx context.Context) ([]Round, error) {
	if err := e.validate(); err != nil {
		return nil, err
	}
	cells := e.cells()
	r := e.recorder()
	for _, c := range cells {
		r.total += c.Services
	}
	var rounds []Round
	for _, c := range cells {
		round, err := e.fire(ctx, r, c)
		rounds = append(rounds, round)
		if err != nil {
			return rounds, err
		}
	}
	return rounds, nil
}

// Fire makes one round by itself, of any number of services that there are.
func (e *Scale) Fire(ctx context.Context, c Cell) (Round, error) {
	alone := *e
	alone.Options.Services, alone.Options.Iterations = []int{c.Services}, 1
	if err := alone.validate(); err != nil {
		return Round{Cell: c}, err
	}
	if !slices.ContainsFunc(e.Targets, func(t record.Target) bool { return t.RuntimeClass == c.RuntimeClass }) {
		return Round{Cell: c}, fmt.Errorf("scale experiment: there is no service of class %s", c.RuntimeClass)
	}
	r := e.recorder()
	r.total = c.Services
	return alone.fire(ctx, r, c)
}

func (e *Scale) recorder() *recorder {
	return &recorder{clock: e.Client.Clock, cluster: e.Cluster, sink: e.Sink, onSample: e.OnSample}
}

func (e *Scale) validate() error {
	if err := e.Options.Validate(); err != nil {
		return fmt.Errorf("scale experiment: %w", err)
	}
	if len(e.Targets) == 0 {
		return errors.New("scale experiment: there is no service to measure")
	}
	for _, class := range byClass(e.Targets) {
		if want := slices.Max(e.Options.Services); len(class) < want {
			return fmt.Errorf("scale experiment: class %s has %d services, and %d are to be fired together",
				e.Targets[class[0]].RuntimeClass, len(class), want)
		}
	}
	for _, t := range e.all() {
		if _, err := e.Client.Prepare(t); err != nil {
			return err
		}
	}
	return nil
}

// all are the targets and whatever else is warmed with.
func (e *Scale) all() []record.Target {
	all := slices.Clone(e.Targets)
	for _, t := range e.Warm {
		if !slices.Contains(e.Targets, t) {
			all = append(all, t)
		}
	}
	return all
}

// cells are the rounds in their order: first those that warm caches, discarded;
// then block by block every number of services, and for each of them all classes
// in an order of its own.
func (e *Scale) cells() []Cell {
	order := rand.New(rand.NewPCG(e.Options.Seed, 0))
	classes := byClass(e.Targets)
	var cells []Cell
	pass := func(c Cell) {
		for _, class := range order.Perm(len(classes)) {
			c.RuntimeClass = e.Targets[classes[class][0]].RuntimeClass
			cells = append(cells, c)
		}
	}
	for _, warm := range byClass(e.Warm) {
		cells = append(cells, Cell{RuntimeClass: e.Warm[warm[0]].RuntimeClass, Services: len(warm), Discarded: true})
	}
	for block := range e.Options.Iterations {
		for _, n := range e.Options.Services {
			pass(Cell{Services: n, Block: block + 1})
		}
	}
	return cells
}
