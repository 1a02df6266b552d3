package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/load"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Load sends requests to one service of each class at a rate, whether earlier ones were
// answered or not, one class after the other in a random order. Each service is removed
// before the next one is created, so that no instance of one is there while another is
// measured.
type Load struct {
	Setup
	// Schedule is when the requests are due.
	Schedule load.Schedule
	// Duration is how long the load lasts; zero stands for the length of the schedule.
	Duration time.Duration
	// InFlight is how many requests may be under way; zero stands for load.DefaultInFlight.
	InFlight int
	// RecoveredLimit is the latency that p99 of a second has to be under for the service to
	// count as recovered; zero stands for DefaultRecoveredLimit.
	RecoveredLimit time.Duration
	// Warm is how many instances are Ready before the first request. With zero, and no
	// MinScale, it finds none.
	Warm int
	// MinScale is how many instances there always are, and MaxScale how many there may be,
	// where zero stands for any number.
	MinScale, MaxScale int
	// ConcurrencyTarget is how many requests at a time the autoscaler wants an instance to
	// serve; zero leaves it to the cluster.
	ConcurrencyTarget int
	// Workers send the requests if there are any.
	Workers Workers
}

// usagePeriod is how often the instances of a load are added up.
const usagePeriod = 100 * time.Millisecond

// DefaultRecoveredLimit is a latency that people do not wait for.
const DefaultRecoveredLimit = 500 * time.Millisecond

const (
	annotationMaxScale = "autoscaling.knative.dev/max-scale"
	annotationTarget   = "autoscaling.knative.dev/target"
)

// Validate implements Experiment.
func (e *Load) Validate() error {
	var p problems
	if e.Schedule.String() == "" {
		p.option("rate", "is missing: say when requests are due, as 50/s")
	}
	switch d := e.length(); {
	case d == 0:
		p.option("duration", "is missing: the rate %s does not say how long it lasts", e.Schedule)
	case d < time.Second:
		p.option("duration", "is %v: it must be at least 1s", d)
	}
	if e.RecoveredLimit < 0 {
		p.option("recovered-limit", "is %v: it must be positive", e.RecoveredLimit)
	}
	p.atLeast("max-in-flight", e.inFlight(), max(1, e.Workers.Count))
	p.atLeast("warm", e.Warm, 0)
	p.atLeast("min-scale", e.MinScale, 0)
	p.atLeast("max-scale", e.MaxScale, 0)
	p.atLeast("concurrency-target", e.ConcurrencyTarget, 0)
	if e.MaxScale > 0 && e.MaxScale < e.initial() {
		p.option("max-scale", "is %d, less than the %d instances that there are to be", e.MaxScale, e.initial())
	}
	for option, name := range map[string]string{"max-scale": annotationMaxScale, "concurrency-target": annotationTarget} {
		if _, there := e.Service.Annotations[name]; there {
			p.option("annotation", "%s has an option of its own: --%s", name, option)
		}
	}
	p.add(e.Workers.validate(&e.Setup))
	p.add(e.Setup.validate(e.Classes))
	return p.err()
}

func (*Load) describe() (string, record.Shape) { return "load", record.Shape{Load: true} }

func (*Load) adapt(record.Survey) {}

func (e *Load) settings() record.Settings {
	s := e.recorded()
	s.Rate, s.RateFile, s.Duration, s.InFlight = e.Schedule.String(), e.Schedule.FileSHA256(), e.length(), e.inFlight()
	s.RecoveredLimit = cmp.Or(e.RecoveredLimit, DefaultRecoveredLimit)
	s.Warm, s.MinScale, s.MaxScale, s.ConcurrencyTarget = e.Warm, e.MinScale, e.MaxScale, e.ConcurrencyTarget
	e.Workers.recordTo(&s)
	return s
}

func (e *Load) patience() record.Patience { return record.Patience{Zero: e.Service.zeroTimeout()} }

func (e *Load) length() time.Duration { return cmp.Or(e.Duration, e.Schedule.Length()) }

func (e *Load) inFlight() int { return cmp.Or(e.InFlight, load.DefaultInFlight) }

// initial is how many instances there are before the first request.
func (e *Load) initial() int { return max(e.Warm, e.MinScale) }

func (e *Load) measure(ctx context.Context, s *session) error {
	return e.measureEach(ctx, s, e.load)
}

// loading sends requests to a service, and returns how many were answered.
type loading func(ctx context.Context, s *session, t record.Target) (answered int, err error)

// measureEach measures one class after the other.
func (e *Load) measureEach(ctx context.Context, s *session, load loading) error {
	s.startCost()
	stop := s.cluster.SampleUsage(ctx, s.clock, usagePeriod, func(r record.Resource) { s.told(s.writer.Resource(r)) }, s.event)
	defer stop()
	answered := 0
	order := rand.New(rand.NewPCG(e.Seed, 0)).Perm(len(s.header.Classes))
	for i, ordinal := range order {
		if i > 0 {
			if err := s.cluster.Remove(ctx, s.header.RunID, s.progress("removing what was measured")); err != nil {
				return err
			}
		}
		n, err := e.class(ctx, s, ordinal, load)
		if err != nil {
			return notMeasured(err, s.header.Classes, order[i+1:])
		}
		answered += n
	}
	if err := errors.Join(s.tellCost(answered), s.digests()); err != nil {
		return err
	}
	if answered == 0 {
		return fmt.Errorf("no request of the load was answered: %w", ErrNothingMeasured)
	}
	return nil
}

// notMeasured has the loss of a worker say which classes are not measured because of it.
func notMeasured(err error, classes []record.Class, left []int) error {
	if !isLoss(err) || len(left) == 0 {
		return err
	}
	var names []string
	for _, ordinal := range left {
		names = append(names, classes[ordinal].Key().String())
	}
	return fmt.Errorf("%w; not measured after that: %s", err, strings.Join(names, ", "))
}

// class measures the service of a class, and returns how many requests were answered.
func (e *Load) class(ctx context.Context, s *session, ordinal int, load loading) (answered int, err error) {
	targets, err := s.deploy(ctx, []templates.Service{e.service(s, ordinal)})
	if err != nil {
		return 0, err
	}
	target := targets[0]
	if e.initial() == 0 {
		if err := e.warmCaches(ctx, s, target); err != nil {
			return 0, err
		}
	}
	stop := s.cluster.FollowPanic(ctx, s.clock, target, s.event)
	defer stop()
	answered, err = load(ctx, s, target)
	if err == nil && e.MinScale == 0 {
		err = e.backToZero(ctx, s, target)
	}
	return answered, err
}

// services are one of each class.
func (e *Load) services(s *session) []templates.Service {
	var all []templates.Service
	for ordinal := range s.header.Classes {
		all = append(all, e.service(s, ordinal))
	}
	return all
}

// service is the service of the class at a place among the classes.
func (e *Load) service(s *session, ordinal int) templates.Service {
	service := s.service(s.header.Classes[ordinal], ordinal, 0)
	service.InitialScale, service.MinScale = e.initial(), e.MinScale
	service.Annotations = maps.Clone(service.Annotations)
	for name, n := range map[string]int{annotationMaxScale: e.MaxScale, annotationTarget: e.ConcurrencyTarget} {
		if n == 0 {
			continue
		}
		if service.Annotations == nil {
			service.Annotations = map[string]string{}
		}
		service.Annotations[name] = strconv.Itoa(n)
	}
	return service
}

// warmCaches starts the first instance of a service and lets it end, for the reason that
// planOf has, too: the autoscaler has no scale yet of what never had traffic.
func (e *Load) warmCaches(ctx context.Context, s *session, t record.Target) error {
	r := &turns{sender: s.here(), targets: []record.Target{t}}
	s.keepWith(&r.recorder)
	r.total = 1
	if err := r.announce([]trial{{discarded: true}}); err != nil {
		return err
	}
	s.See(Warming{r.targets})
	if _, err := r.burst(ctx, r.targets); err != nil {
		return err
	}
	s.See(Step{"waiting until service " + name(t) + " is at zero"})
	return s.cluster.AwaitZero(ctx, t)
}

// load sends the requests of the schedule.
func (e *Load) load(ctx context.Context, s *session, t record.Target) (answered int, err error) {
	return e.send(ctx, s, t, e.Schedule)
}

// send sends the requests of a schedule.
func (e *Load) send(ctx context.Context, s *session, t record.Target, schedule load.Schedule) (answered int, err error) {
	var began time.Duration
	begun, sent := false, 0
	cpu, err := s.sender().load(ctx, &loadOrder{
		target: t, schedule: schedule, length: e.length(), seed: e.Seed, inFlight: e.inFlight(), each: s.releaseOnce(t),
		firing: func() { begun, began = true, e.begin(s, t, schedule) },
		told: func(i record.Interval) {
			sent += i.Sent
			answered += i.Answered
			s.See(LoadSecond{Interval: i, Instances: s.cluster.Instances(t.Key())})
		},
	})
	if !begun {
		return 0, err
	}
	elapsed := s.clock.Now() - began
	s.See(LoadEnded{Target: t, Sent: sent, CPU: cpu, Elapsed: elapsed})
	if err != nil { // the record does not say that the load came to its end
		return answered, err
	}
	s.event(record.Event{
		At: s.clock.Now(), Kind: record.EventLoadEnded, RuntimeClass: t.RuntimeClass, Variant: t.Variant, Service: t.Service,
		Value: elapsed.Seconds(),
	})
	return answered, nil
}

// begin says that a load begins, and returns when.
func (e *Load) begin(s *session, t record.Target, schedule load.Schedule) time.Duration {
	now := s.clock.Now()
	s.event(record.Event{
		At: now, Kind: record.EventLoadBegun, RuntimeClass: t.RuntimeClass, Variant: t.Variant, Service: t.Service,
		Message: schedule.String(), Value: float64(s.cluster.Instances(t.Key()).Ready),
	})
	s.See(LoadBegun{Target: t, Rate: schedule.String(), Length: e.length()})
	return now
}

// releaseOnce ends the guard over a class with its first request that was answered.
func (s *session) releaseOnce(t record.Target) func(*record.Sample) {
	var released atomic.Bool
	return func(one *record.Sample) {
		if !released.Load() && answered(one) && released.CompareAndSwap(false, true) {
			s.guard.release(t.Key())
		}
	}
}

// backToZero waits until a service has no instance any more, and writes down how long that
// took. That it does not get there is no reason to lose what was measured.
func (e *Load) backToZero(ctx context.Context, s *session, t record.Target) error {
	s.See(Step{"waiting until service " + name(t) + " is at zero again"})
	began := s.clock.Now()
	err := s.cluster.AwaitZero(ctx, t)
	event := record.Event{
		At: s.clock.Now(), Kind: record.EventBackAtZero, RuntimeClass: t.RuntimeClass, Variant: t.Variant, Service: t.Service,
		Value: (s.clock.Now() - began).Seconds(),
	}
	if err != nil {
		event.Kind, event.Value, event.Message = record.EventNotAtZero, 0, err.Error()
		s.See(Warning{err.Error()})
	}
	s.event(event)
	return ctx.Err()
}
