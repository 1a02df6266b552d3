// Package usage samples what the nodes, and the instances on them, use of memory and
// CPU while a run goes on. Each reading has the time at which it was taken.
//
// Where the cluster's one node is this host, the readings are of the host's own
// cgroups: of the node each 100 ms, and of the sum over a class's instances as often
// as is asked for. Of more than 25 instances the sum comes as often as reading 25 of them
// per 100 ms allows. Elsewhere the readings are what the kubelets say, as often as these
// look themselves. One instance by itself is written down once it is Ready, and then
// each 30 s. So a minute of 500 instances makes 600 lines of the node, 30 sums and some
// 1000 lines of single instances. To write down all of them each 100 ms would make
// 300 000.
//
// Reading one instance takes about 35 µs of CPU, and the node 60 µs (BenchmarkSecond,
// on two cores of a server of 2021). That is 0.3 % of one core at 100 instances, and
// 0.9 % at 500 or any number beyond.
package usage

import (
	"context"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/watch"
)

// Options say what a Sampler reads, and who takes the readings.
type Options struct {
	Client *ksvc.Client
	Clock  record.Clock
	// Sums is how often the instances of a class are added up, where they are read from
	// this host's cgroups and 25 at most: from 100 ms on.
	Sums time.Duration
	// Instances are those that exist: see watch.Watch.Alive.
	Instances func() []watch.Instance
	// Emit takes the readings. It is called from one goroutine.
	Emit func(record.Resource)
	// OnEvent is told when nothing can be read any more, and why. The run goes on.
	OnEvent func(record.Event)
}

// meter takes readings.
type meter interface {
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

// choose prefers the host's own files, because their numbers are of the moment at
// which they are read. It chooses once: if the cluster's one node is the host, a node
// that is added later is not read.
func choose(ctx context.Context, o Options) (meter, error) {
	nodes, err := listNodes(ctx, o.Client)
	if err != nil {
		return nil, err
	}
	if len(nodes) == 1 && nodes[0].here {
		if own, err := newOwnNode("/", nodes[0].name, o); err == nil {
			return own, nil
		}
	}
	return newKubelets(nodes, o), nil
}

// sample reads at the meter's period. A reading that comes late has its true time,
// and those that were due meanwhile are left out.
func (s *Sampler) sample(ctx context.Context, from meter) {
	due := time.NewTicker(from.period())
	defer due.Stop()
	for ctx.Err() == nil {
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
