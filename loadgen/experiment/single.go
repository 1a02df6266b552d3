package experiment

import (
	"context"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Single compares the cold start of a single instance over RuntimeClasses: one cold
// start at a time, the classes interleaved in a random order.
type Single struct {
	Setup
	// Iterations is how many samples there will be of each class.
	Iterations int
	// ServicesPerClass is how many services of each class take turns; zero stands for
	// as many as it takes not to wait for zero pods.
	ServicesPerClass int
	// OffsetRequests is how many warm requests follow each cold start, to estimate the
	// offset of the function's clock.
	OffsetRequests int
	// Workers send the requests in turn, if there are any.
	Workers Workers
	// Preset is the name of published settings that were taken over, for the record.
	Preset string
}

// Validate implements Experiment.
func (e *Single) Validate() error {
	var p problems
	p.atLeast("iterations", e.Iterations, 1)
	p.atLeast("services-per-class", e.ServicesPerClass, 0)
	p.atLeast("offset-requests", e.OffsetRequests, 0)
	p.add(e.Workers.validate(&e.Setup))
	p.add(e.Setup.validate(e.Classes))
	return p.err()
}

func (*Single) describe() (string, record.Shape) { return "single", record.Shape{} }

func (e *Single) adapt(s record.Survey) {
	if e.ServicesPerClass == 0 {
		e.ServicesPerClass = servicesPerClass(e.Service.StableWindow, s.GracePeriod, len(e.Classes), e.Iterations)
	}
}

func (e *Single) settings() record.Settings {
	s := e.recorded()
	s.TracedBlocks = e.tracedBlocks()
	s.Iterations, s.ServicesPerClass, s.OffsetRequests, s.Preset = e.Iterations, e.ServicesPerClass, e.OffsetRequests, e.Preset
	e.Workers.recordTo(&s)
	return s
}

func (e *Single) patience() record.Patience { return record.Patience{Zero: e.Service.zeroTimeout()} }

func (e *Single) measure(ctx context.Context, s *session) error {
	targets, err := s.deploy(ctx, s.services(0, e.ServicesPerClass))
	if err != nil {
		return err
	}
	s.startCost()
	t := &turns{targets: targets, iterations: e.Iterations, offsetRequests: e.OffsetRequests}
	if err := s.takeTurns(ctx, t); err != nil || !e.Traces.On {
		return err
	}
	return e.trace(ctx, s)
}

// mostTracedBlocks bounds how many traced blocks follow. They are for the spans, whose
// medians ten starts give well enough.
const mostTracedBlocks = 10

func (e *Single) tracedBlocks() int {
	if !e.Traces.On {
		return 0
	}
	return min(e.Iterations, mostTracedBlocks)
}

// trace measures some more starts, which Knative reports. They come after all others,
// with services of their own: a queue-proxy has the setting of tracing from when its
// service was created, and Knative rolls out again what there was before. So what was
// measured without is removed first.
func (e *Single) trace(ctx context.Context, s *session) error {
	if err := s.cluster.Remove(ctx, s.header.RunID, s.progress("removing what was measured without traces")); err != nil {
		return err
	}
	if err := s.startTraces(ctx); err != nil {
		return err
	}
	services := servicesPerClass(e.Service.StableWindow, s.survey.GracePeriod, len(e.Classes), e.tracedBlocks())
	targets, err := s.deploy(ctx, s.services(e.ServicesPerClass, e.ServicesPerClass+services))
	if err != nil {
		return err
	}
	return s.takeTurns(ctx, &turns{
		targets: targets, iterations: e.tracedBlocks(), offsetRequests: e.OffsetRequests, blocks: e.Iterations, traced: true,
	})
}

// takeTurns measures the targets one cold start at a time.
func (s *session) takeTurns(ctx context.Context, t *turns) error {
	s.keepWith(&t.recorder)
	t.sender, t.client, t.seed, t.zeroTimeout = s.sender(), s.client(), s.setup.Seed, s.patience.Zero
	samples, err := t.run(ctx)
	if err != nil {
		return err
	}
	if t.traced {
		return nil
	}
	return s.finish(samples)
}
