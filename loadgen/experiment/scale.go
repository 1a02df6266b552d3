package experiment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Scale starts many services at once: one first request to each of N services of a
// class, together, for each N and class.
type Scale struct {
	Setup
	// Services are the numbers of services to fire together, in this order.
	Services []int
	// Iterations is how often each number of services of each class is fired.
	Iterations int
	// Arrival is how the requests of a round arrive.
	Arrival loadgen.Arrival
	// Preconnect opens the connections of a round before its requests are due.
	Preconnect bool
	// Settle is a pause between all services being at zero and the first request.
	Settle time.Duration
	// InitialScale is how many instances a service has to have to get Ready. Requests are
	// sent once it has none again.
	InitialScale int
	// DeployRounds has each number of services of each class deployed and removed by itself
	// before the requests, as often as Iterations says, to see how long it takes.
	DeployRounds bool
	// MaxServices is the most services, of all classes together, that may be created.
	MaxServices int
	// Workers send the requests if there are any.
	Workers Workers
}

// Validate implements Experiment.
func (e *Scale) Validate() error {
	var p problems
	if len(e.Services) == 0 || slices.Min(e.Services) < 1 {
		p.option("services", "is %v: each number must be at least 1", e.Services)
	}
	p.atLeast("iterations", e.Iterations, 1)
	p.atLeast("initial-scale", e.InitialScale, 0)
	if sorted := slices.Sorted(slices.Values(e.Services)); e.DeployRounds && len(slices.Compact(slices.Clone(sorted))) < len(sorted) {
		p.option("services", "is %v: where deployments have rounds, each number must be named once", e.Services)
	}
	if e.Settle < 0 {
		p.option("settle", "is %v: it must not be negative", e.Settle)
	}
	if err := e.Arrival.Validate(); err != nil {
		p.option("arrival", "%q: %v", e.Arrival, err)
	}
	p.add(e.Workers.validate(&e.Setup))
	p.add(e.Setup.validate(e.Classes))
	if err := p.err(); err != nil {
		return err
	}
	if n := e.most() * len(e.Classes); n > e.MaxServices {
		return &OptionError{"max-services", fmt.Sprintf("is %d, and %d services are asked for, %d of each of %d RuntimeClasses",
			e.MaxServices, n, e.most(), len(e.Classes))}
	}
	return nil
}

func (e *Scale) most() int { return slices.Max(e.Services) }

func (*Scale) describe() (string, record.Shape) { return "scale", record.Shape{Rounds: true} }

func (*Scale) adapt(record.Survey) {}

func (e *Scale) settings() record.Settings {
	s := e.recorded()
	s.Services, s.Iterations, s.Arrival, s.Preconnect = e.Services, e.Iterations, e.Arrival.String(), e.Preconnect
	s.Settle, s.MaxServices = e.Settle, e.MaxServices
	s.InitialScale, s.DeployRounds = e.InitialScale, e.DeployRounds
	e.Workers.recordTo(&s)
	return s
}

// patience grows with the services: the cluster works on hundreds of them one after
// the other.
func (e *Scale) patience() record.Patience {
	return record.Patience{
		Ready: 5*time.Minute + time.Duration(e.most()*len(e.Classes))*2*time.Second,
		Zero:  e.Service.zeroTimeout() + 5*time.Minute + time.Duration(e.most())*2*time.Second,
	}
}

func (e *Scale) measure(ctx context.Context, s *session) error {
	return e.fire(ctx, s, func(r *rounds) ([]Round, error) { return r.run(ctx) })
}

// fire deploys the services, makes rounds of them as run says, and watches the last
// one for a while.
func (e *Scale) fire(ctx context.Context, s *session, run func(*rounds) ([]Round, error)) error {
	if err := s.followDeployments(ctx, e.DeployRounds); err != nil {
		return err
	}
	if e.DeployRounds {
		if err := e.deployRounds(ctx, s); err != nil {
			return err
		}
	}
	targets, warm, err := e.deploy(ctx, s)
	if err != nil {
		return err
	}
	stop := s.cluster.SampleUsage(ctx, s.clock, time.Second, func(r record.Resource) { s.told(s.writer.Resource(r)) }, s.event)
	defer stop()
	s.startCost()
	r := &rounds{
		sender: s.sender(), targets: targets, warm: warm,
		services: e.Services, iterations: e.Iterations, arrival: e.Arrival, preconnect: e.Preconnect, settle: e.Settle,
		seed: e.Seed, zeroTimeout: s.patience.Zero, instances: s.cluster.Instances,
	}
	s.keepWith(&r.recorder)
	all, err := run(r)
	if err != nil {
		return err
	}
	e.linger(ctx, s.cluster)
	var samples []record.Sample
	for _, round := range all {
		samples = append(samples, round.Samples...)
	}
	return s.finish(samples)
}

// warmServices is how many services of each class the discarded round fires where
// small rounds are measured. The autoscaler looks at a service that it never saw
// traffic of at its next tick only, up to 2 s later: in a small round that would be
// most of the latency.
const warmServices = 10

// deploy creates the services to measure, and says which warm caches. Where only
// large rounds are measured that is one more of each class, with the shortest stable
// window, so that the first round need not wait for a long one. These are deployed first.
func (e *Scale) deploy(ctx context.Context, s *session) (targets, warm []record.Target, err error) {
	if slices.Min(e.Services) > warmServices {
		extra := s.services(e.most(), e.most()+1)
		for i := range extra {
			extra[i].StableWindow = ShortestWindow
		}
		if warm, err = e.deployToZero(ctx, s, extra, record.Batch{Discarded: true}); err != nil {
			return nil, nil, err
		}
	}
	targets, err = e.deployToZero(ctx, s, s.services(0, e.most()), record.Batch{})
	if warm == nil {
		warm = targets[:min(len(targets), warmServices*len(e.Classes))]
	}
	return targets, warm, err
}

// deployToZero deploys services and waits until they are at zero, although they may begin
// with instances.
func (e *Scale) deployToZero(ctx context.Context, s *session, services []templates.Service, b record.Batch) ([]record.Target, error) {
	for i := range services {
		services[i].InitialScale = e.InitialScale
	}
	return s.deployTo(ctx, services, 0, b)
}

// The last round is watched for afterwards once it was answered, or once all of its
// instances are Ready if that comes within lateReady: for what the watch has yet to
// tell, and for the memory of instances that have all come up. The kubelet probes
// only every ten seconds. The other rounds have the time that they take to return to
// zero.
const (
	afterwards = 5 * time.Second
	lateReady  = 12 * time.Second
)

func (e *Scale) linger(ctx context.Context, w Watcher) {
	late, cancel := context.WithTimeout(ctx, min(lateReady, e.Service.StableWindow))
	defer cancel()
	for in := w.Instances(record.Key{}); in.Ready < in.Alive && late.Err() == nil; in = w.Instances(record.Key{}) {
		_ = pause(late, 100*time.Millisecond)
	}
	_ = pause(ctx, min(afterwards, e.Service.StableWindow))
}
