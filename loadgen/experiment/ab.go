package experiment

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// AB measures two sides in turns, block by block: a cold start of each, in a random
// order, so that whatever drifts is the same for both. It ends as soon as Enough says
// so.
type AB struct {
	// Setup's Classes are not used: the sides have them.
	Setup
	// A is the baseline, B the change.
	A, B record.Side
	// ManifestA and ManifestB, when set, are the Services of the sides as the user wrote
	// them. Then the side's Env, Requests and Limits do not count.
	ManifestA, ManifestB *templates.Manifest
	// MaxBlocks and Budget are after how many blocks, and after which time, to give up.
	MaxBlocks int
	Budget    time.Duration
	// ServicesPerSide is how many services of each side take turns; zero stands for as
	// many as it takes not to wait for zero pods, but 12 at most.
	ServicesPerSide int
	// Tolerance and Percentiles are for the record: how much slower the judge accepts,
	// and at which percentiles it looks, such as 50 and 95.
	Tolerance   record.Tolerance
	Percentiles []float64
	// Enough is asked after each block, with all that was measured until then, whether
	// the question is answered. It may be nil.
	Enough func(*record.Run) bool
}

// DefaultOffsetRequests is how many warm requests follow a cold start where nothing
// else is said.
const DefaultOffsetRequests = 4

// mostServicesPerSide bounds how many services take turns unless it is said. Each
// costs a cold start of the round that warms caches, of over two seconds, because the
// autoscaler looks at what never had traffic at its next tick only; a run that ends
// after a dozen blocks never gets that back.
const mostServicesPerSide = 12

// Validate implements Experiment.
func (e *AB) Validate() error {
	var p problems
	p.atLeast("max-blocks", e.MaxBlocks, 1)
	if e.Budget <= 0 {
		p.option("budget", "is %v: it must be positive", e.Budget)
	}
	p.atLeast("services-per-side", e.ServicesPerSide, 0)
	if e.RunFile == "-" {
		p.option("run-file", "- would write to standard output, where the verdict goes")
	}
	if err := e.Setup.validate(e.sides()); err != nil {
		p.add(err) // the sides have taken it over: it need not be said three times
		return p.err()
	}
	p.add(validateSide(record.VariantA, e.A))
	p.add(validateSide(record.VariantB, e.B))
	return p.err()
}

func validateSide(variant string, s record.Side) error {
	var p problems
	p.add(validateQuantities(variant+" request", s.Requests))
	p.add(validateQuantities(variant+" limit", s.Limits))
	return p.err()
}

func (e *AB) sides() []record.Class {
	return []record.Class{
		{Name: e.A.RuntimeClass, Variant: record.VariantA, Image: e.A.Image},
		{Name: e.B.RuntimeClass, Variant: record.VariantB, Image: e.B.Image},
	}
}

// Same says that the two sides differ in nothing.
func (e *AB) Same() bool {
	return e.ManifestA.SHA256() == e.ManifestB.SHA256() && e.A.RuntimeClass == e.B.RuntimeClass && e.A.Image == e.B.Image && maps.Equal(e.A.Env, e.B.Env) &&
		maps.Equal(e.A.Requests, e.B.Requests) && maps.Equal(e.A.Limits, e.B.Limits)
}

func (*AB) describe() (string, record.Shape) {
	return "ab", record.Shape{Sides: true, Sequential: true}
}

func (e *AB) adapt(s record.Survey) {
	if e.ServicesPerSide == 0 {
		e.ServicesPerSide = min(servicesPerClass(e.Service.StableWindow, s.GracePeriod, 2, e.MaxBlocks), mostServicesPerSide)
	}
}

func (e *AB) containers() []record.ContainerResources {
	return []record.ContainerResources{{Requests: e.A.Requests, Limits: e.A.Limits}, {Requests: e.B.Requests, Limits: e.B.Limits}}
}

func (e *AB) settings() record.Settings {
	s := e.recorded()
	s.MaxBlocks, s.Budget, s.ServicesPerSide = e.MaxBlocks, e.Budget, e.ServicesPerSide
	a, b := e.A, e.B
	a.Manifest, a.ManifestFile = e.ManifestA.SHA256(), e.ManifestA.Name()
	b.Manifest, b.ManifestFile = e.ManifestB.SHA256(), e.ManifestB.Name()
	s.Tolerance, s.Percentiles, s.A, s.B = &e.Tolerance, e.Percentiles, &a, &b
	return s
}

func (e *AB) patience() record.Patience { return record.Patience{Zero: e.Service.zeroTimeout()} }

func (e *AB) measure(ctx context.Context, s *session) error {
	targets, err := s.deploy(ctx, e.services(s))
	if err != nil {
		return err
	}
	s.startCost()
	err = s.takeTurns(ctx, &turns{
		targets: targets, iterations: e.MaxBlocks, offsetRequests: DefaultOffsetRequests, enough: e.enough(s.header),
	})
	if errors.Is(err, ErrNothingMeasured) {
		return nil // whoever judges the sides says so
	}
	return err
}

// services are those of side a, then those of side b.
func (e *AB) services(s *session) []templates.Service {
	var all []templates.Service
	for ordinal, class := range s.header.Classes {
		side := []record.Side{e.A, e.B}[ordinal]
		for i := range e.ServicesPerSide {
			service := s.service(class, ordinal, i)
			service.Manifest = []*templates.Manifest{e.ManifestA, e.ManifestB}[ordinal]
			service.Env, service.Requests, service.Limits = side.Env, side.Requests, side.Limits
			all = append(all, service)
		}
	}
	return all
}

// enough asks Enough with what the run file will say, and keeps to the budget.
func (e *AB) enough(header record.Header) func([]record.Sample) bool {
	end := time.Now().Add(e.Budget)
	return func(samples []record.Sample) bool {
		answered := e.Enough != nil && e.Enough(&record.Run{Header: header, Samples: samples})
		return answered || !time.Now().Before(end)
	}
}
