package experiment

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// deploy creates the services and returns them as targets once each is Ready, at
// zero pods or at its initial scale, and reachable through the ingress.
func (s *session) deploy(ctx context.Context, services []templates.Service) ([]record.Target, error) {
	return s.deployTo(ctx, services, services[0].InitialScale, record.Batch{})
}

// deployTo is deploy where services are awaited at another number of instances than they
// begin with. If deployments are followed, each is written down as part of the batch.
func (s *session) deployTo(ctx context.Context, services []templates.Service, instances int, b record.Batch) (targets []record.Target, err error) {
	s.deployed += len(services)
	began := time.Now()
	end := s.deployments.expect(ctx, services, b)
	if err := s.cluster.Create(ctx, s.header.RunID, services, s.progress("creating services")); err != nil {
		_, unwritten := end(0)
		return nil, errors.Join(err, unwritten)
	}
	defer func() {
		if _, unwritten := end(lateSteps); unwritten != nil && err == nil {
			targets, err = nil, unwritten
		}
	}()
	s.tellDeployed(record.EventServicesCreated, len(services), "%d services created in %.1f s", len(services), time.Since(began).Seconds())
	all := make([]awaited, len(services))
	for i, service := range services {
		all[i] = awaited{service.Name, instances}
	}
	targets, err = s.awaitAll(ctx, all)
	if err != nil {
		return nil, err
	}
	s.tellDeployed(record.EventServicesReady, len(services), "all Ready and %s after %.1f s", all[0].scale(), time.Since(began).Seconds())
	s.targets = append(s.targets, targets...)
	return targets, nil
}

func (s *session) tellDeployed(kind record.Kind, n int, format string, args ...any) {
	s.event(record.Event{At: s.clock.Now(), Kind: kind, Value: float64(n), Message: fmt.Sprintf(format, args...)})
}

// awaited is a service that is waited for, until so many of its instances are Ready.
type awaited struct {
	name      string
	instances int
}

// scale is what is waited for, in words.
func (a awaited) scale() string {
	if a.instances > 0 {
		return fmt.Sprintf("at %d instances", a.instances)
	}
	return "at zero"
}

// awaitAll awaits all services at once, and gives up with the first that fails.
func (s *session) awaitAll(ctx context.Context, services []awaited) ([]record.Target, error) {
	progress := s.progress("waiting until they are Ready and " + services[0].scale())
	targets := make([]record.Target, len(services))
	var mu sync.Mutex
	done := 0
	group, ctx := errgroup.WithContext(ctx)
	for i, service := range services {
		group.Go(func() error {
			t, err := s.await(ctx, service)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			targets[i] = t
			done++
			progress(done, len(services))
			return nil
		})
	}
	return targets, group.Wait()
}

func (s *session) await(ctx context.Context, a awaited) (t record.Target, err error) {
	if a.instances > 0 {
		t, err = s.cluster.AwaitInstances(ctx, a.name, a.instances)
	} else {
		t, err = s.cluster.AwaitReady(ctx, a.name)
	}
	if err != nil {
		return t, err
	}
	t.Scheme = s.setup.Request.Scheme
	if t.Address, err = s.ingress(ctx, a.name); err != nil {
		return t, err
	}
	return t, s.cluster.AwaitRoute(ctx, t)
}

// ingress is where to connect. Some ingresses tell only once a service exists; then
// the first service that is Ready is asked, and the answer written down.
func (s *session) ingress(ctx context.Context, service string) (string, error) {
	s.addressing.Lock()
	defer s.addressing.Unlock()
	if s.address != "" {
		return s.address, nil
	}
	address, err := s.cluster.Address(ctx, service)
	if err != nil {
		return "", err
	}
	s.address = address
	s.event(record.Event{At: s.clock.Now(), Kind: record.EventIngressFound, Message: address})
	return address, nil
}

// service is the i-th service of the class at place ordinal among the sides.
func (s *session) service(class record.Class, ordinal, i int) templates.Service {
	o := &s.setup.Service
	return templates.Service{
		Name:         templates.ServiceName(s.header.RunID, class.Name, class.Variant, ordinal, i),
		RuntimeClass: class.Name, Variant: class.Variant, Image: class.Image,
		Manifest: o.Manifest, Pod: o.Pod, Env: o.Env, Requests: o.Requests, Limits: o.Limits, StableWindow: o.StableWindow,
		Timeout: o.revisionTimeout(s.survey.MaxRevisionTimeout),
	}
}

// services are those of every class from the from-th up to the n-th, class by class
// for each number.
func (s *session) services(from, n int) []templates.Service {
	var all []templates.Service
	for i := from; i < n; i++ {
		for ordinal, class := range s.header.Classes {
			all = append(all, s.service(class, ordinal, i))
		}
	}
	return all
}
