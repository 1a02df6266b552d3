// Package usage samples what the nodes and the instances on them use of memory
// and CPU while a run goes on, each reading with the time at which it was taken.
//
// Where the cluster's one node is this machine, the readings are of the machine's
// own cgroups: the node each 100 ms, the sum over a class's instances each second
// or, of more than 25 instances, as often as reading 25 of them per 100 ms allows.
// Elsewhere they are what the kubelets say, as often as these look themselves. One
// instance by itself is written down once it is Ready, and then each 30 s. So a
// minute of 500 instances is 600 lines of the node, 30 sums and some 1000 lines of
// single instances, where all that could be read at 100 ms would be 300 000.
//
// Reading one instance takes about 35 µs of CPU, the node 60 µs (BenchmarkSecond, on
// two cores of a server of 2021): 0.3 % of one core at 100 instances, and 0.9 % at 500
// or any number beyond.
package usage

import (
	"context"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// Options are what a Sampler reads and whom it tells.
type Options struct {
	Client *ksvc.Client
	Clock  record.Clock
	// Instances are those that exist, as Watch.Alive tells.
	Instances func() []ksvc.Instance
	// Emit takes the readings. It is called from one goroutine.
	Emit func(record.Resource)
	// OnEvent is told when nothing can be read any more, and why; the run goes on.
	OnEvent func(record.Event)
}

// source is where readings come from.
type source interface {
	period() time.Duration
	// read emits what there is to read now.
	read(ctx context.Context) error
}

// Sampler reads until it is stopped.
type Sampler struct {
	options Options
	stop    context.CancelFunc
	done    chan struct{}
	failing bool
}

// Start begins to sample and does not wait for the first reading. Where nothing
// can be read, an event says so and there are no readings.
func Start(ctx context.Context, o Options) *Sampler {
	ctx, cancel := context.WithCancel(ctx)
	s := &Sampler{options: o, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		from, err := choose(ctx, o)
		if err != nil {
			s.tell(ctx, err)
			return
		}
		s.sample(ctx, from)
	}()
	return s
}

// Stop ends it, and returns when the last reading was emitted.
func (s *Sampler) Stop() {
	s.stop()
	<-s.done
}

// choose prefers this machine's own files, which are true to the moment.
func choose(ctx context.Context, o Options) (source, error) {
	nodes, err := o.Client.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	if len(nodes) == 1 && nodes[0].Here {
		if here, err := newMachine("/", nodes[0].Name, o); err == nil {
			return here, nil
		}
	}
	return newKubelets(nodes, o), nil
}

// sample reads at the source's period. A reading that comes late is taken late,
// with its true time, and those that were due meanwhile are left out.
func (s *Sampler) sample(ctx context.Context, from source) {
	due := time.NewTicker(from.period())
	defer due.Stop()
	for {
		err := from.read(ctx)
		if err == nil {
			s.failing = false
		} else {
			s.tell(ctx, err)
		}
		if apierrors.IsForbidden(err) {
			return
		}
		select {
		case <-due.C:
		case <-ctx.Done():
			return
		}
	}
}

// tell says why there are no readings, once until there are again.
func (s *Sampler) tell(ctx context.Context, cause error) {
	if s.failing || ctx.Err() != nil || s.options.OnEvent == nil {
		return
	}
	s.failing = true
	s.options.OnEvent(record.Event{Type: record.TypeEvent, At: s.options.Clock.Now(), Kind: record.EventUsageUnread,
		Message: "no memory and CPU of instances: " + strings.ReplaceAll(cause.Error(), "\n", "; ")})
}
