package experiment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Existing measures one cold start at a time of services that existed before the run.
// They are read and requested, never created, changed or deleted.
type Existing struct {
	// Setup has no Classes and no Traces, and of its Service only the ClientTimeout counts.
	Setup
	// Services are their names.
	Services []string
	// Iterations is how many samples there will be of each.
	Iterations int
	// OffsetRequests is how many warm requests follow each cold start, to estimate the
	// offset of the function's clock.
	OffsetRequests int
	// Workers send the requests in turn, if there are any.
	Workers Workers

	// found are the services, once the cluster was surveyed.
	found []record.ExistingService
}

// Validate implements Experiment.
func (e *Existing) Validate() error {
	var p problems
	p.atLeast("iterations", e.Iterations, 1)
	p.atLeast("offset-requests", e.OffsetRequests, 0)
	seen := map[string]bool{}
	for _, name := range e.Services {
		switch {
		case name == "":
			p.option("service", "is empty: name a Knative Service that exists")
		case seen[name]:
			p.option("service", "names %s twice", name)
		}
		seen[name] = true
	}
	if len(e.Services) == 0 {
		p.option("service", "names no Knative Service")
	}
	if len(e.Classes) > 0 || e.Service.Manifest != nil {
		p.option("service", "stands for services that exist: they have a RuntimeClass and an image already")
	}
	if e.Traces.On {
		p.option("service", "and --traces exclude each other: tracing is switched on by a setting that has Knative roll out every service anew")
	}
	if e.Service.ClientTimeout <= 0 {
		p.option("client-timeout", "is %v: it must be positive", e.Service.ClientTimeout)
	}
	p.add(e.Workers.validate(&e.Setup))
	p.add(e.Request.validate(nil))
	return p.err()
}

func (*Existing) describe() (string, record.Shape) { return "single", record.Shape{} }

func (e *Existing) existing() []string { return e.Services }

func (e *Existing) sides() []record.Class { return classesOf(e.found) }

func (e *Existing) adapt(s record.Survey) { e.found = s.Services }

func (e *Existing) settings() record.Settings {
	s := e.recorded()
	s.StableWindow, s.ExistingServices = 0, e.found
	s.Iterations, s.OffsetRequests = e.Iterations, e.OffsetRequests
	e.Workers.recordTo(&s)
	return s
}

func (e *Existing) patience() record.Patience { return patienceFor(e.found) }

func (e *Existing) measure(ctx context.Context, s *session) error {
	e.tell(s)
	targets, err := s.awaitExisting(ctx, e.Services)
	if err != nil {
		return err
	}
	s.startCost()
	return s.takeTurns(ctx, &turns{targets: targets, iterations: e.Iterations, offsetRequests: e.OffsetRequests})
}

// classesOf are the classes of existing services, one for each service.
func classesOf(services []record.ExistingService) []record.Class {
	var classes []record.Class
	for _, s := range services {
		classes = append(classes, record.Class{Name: s.Key().RuntimeClass, Variant: s.Key().Variant, Image: s.Image})
	}
	return classes
}

// backToZero is how long an existing service takes at the latest to return to zero pods
// after a request, if its function exits at once when it is told to.
func backToZero(s record.ExistingService) time.Duration {
	return s.ScaledDown() + autoscalerTick + min(podTermination, s.Timeout)
}

// patienceFor is how long a run waits for existing services to return to zero. A function
// that does not exit when it is told to has as long as a request may take.
func patienceFor(services []record.ExistingService) record.Patience {
	var p record.Patience
	for _, s := range services {
		p.Zero = max(p.Zero, backToZero(s)+s.Timeout+spareZero)
	}
	return p
}

// tell says how long existing services take to return to zero, and why. A run has
// to wait for it before each start. Services wait beside one another.
func (e *Existing) tell(o Observer) {
	var longest time.Duration
	for _, s := range e.found {
		o.See(Step{fmt.Sprintf("service %s, revision %s, is measured as it is and not changed", s.Name, s.Revision)})
		o.See(Step{fmt.Sprintf("it returns to zero pods some %v after a request: stable window %v, scale-down delay %v, grace period %v or pod retention %v, whichever is longer, and the end of the pod",
			backToZero(s), s.StableWindow, s.ScaleDownDelay, s.GracePeriod, s.PodRetention)})
		longest = max(longest, backToZero(s))
	}
	starts := e.Iterations + 1 // the first one is discarded
	o.See(Step{fmt.Sprintf("so %d starts of each, with the first one that warms caches, take some %v", starts, (time.Duration(starts) * longest).Round(time.Second))})
}

// awaitExisting returns the existing services as targets once each is at zero pods and
// reachable through the ingress.
func (s *session) awaitExisting(ctx context.Context, names []string) ([]record.Target, error) {
	began := time.Now()
	all := make([]awaited, len(names))
	for i, name := range names {
		all[i] = awaited{name: name}
	}
	targets, err := s.awaitAll(ctx, all)
	if err != nil {
		return nil, err
	}
	s.tellDeployed(record.EventServicesReady, len(names), "all Ready and at zero after %.1f s", time.Since(began).Seconds())
	s.targets = slices.Clone(targets)
	return targets, nil
}
