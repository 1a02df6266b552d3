package experiment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// deployRounds deploys each number of services of each class by itself, and removes them
// again, to see how long that takes. The first ones warm caches and are discarded. Then
// block by block every number of services has its turn, and for each all classes in an
// order of its own.
func (e *Scale) deployRounds(ctx context.Context, s *session) error {
	r := &deployRound{scale: e, session: s, first: e.most() + 1}
	for class := range e.Classes {
		if err := r.run(ctx, class, 1, record.Batch{Discarded: true}); err != nil {
			return err
		}
	}
	order := rand.New(rand.NewPCG(e.Seed, 2))
	for block := range e.Iterations {
		for _, n := range e.Services {
			for _, class := range order.Perm(len(e.Classes)) {
				if err := r.run(ctx, class, n, record.Batch{Block: block + 1}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// deployRound makes one round after the other. No two services of a run have the same
// name, so that what is left of one is not taken for another; first is the first number
// that no service has.
type deployRound struct {
	scale   *Scale
	session *session
	first   int
}

// run deploys n services of a class and removes them. One that does not get ready is
// written down, and keeps no other round from being made, unless it is the one that warms
// caches: a class that cannot start would cost each round all of the patience.
func (r *deployRound) run(ctx context.Context, class, n int, b record.Batch) error {
	s, of := r.session, r.session.header.Classes[class]
	var services []templates.Service
	for i := range n {
		one := s.service(of, class, r.first+i)
		one.InitialScale = r.scale.InitialScale
		services = append(services, one)
	}
	r.first += n
	key := of.Key()
	key.Services = n
	s.observer.See(Step{fmt.Sprintf("deploying %s to see how long it takes", key)})
	s.deployed += n
	end := s.deployments.expect(ctx, services, b)
	if err := s.cluster.Create(ctx, s.header.RunID, services, s.progress("creating services")); err != nil {
		_, unwritten := end(0)
		return errors.Join(err, unwritten)
	}
	failure, unwritten := end(s.patience.Ready)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case unwritten != nil:
		return unwritten
	case b.Discarded && failure != "":
		return fmt.Errorf("deploy a service of %s: %s", key, failure)
	}
	ctx = context.WithoutCancel(ctx)
	end = s.deployments.expectGone(ctx)
	err := s.remove(ctx)
	_, unwritten = end(patienceAfter(err))
	return errors.Join(err, unwritten)
}
