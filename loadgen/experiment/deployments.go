package experiment

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// deployments writes down how the services of a run come and go, each as soon as it is
// known. Its zero value follows nothing.
type deployments struct {
	cluster DeploymentWatcher
	write   func(record.Deployment) error
	// services are those that there are, with what the experiment knows of each.
	services []record.Deployment
}

// outcome is what became of services that were waited for.
type outcome struct {
	mu sync.Mutex
	// failure is why one of them did not come to its last step, and unwritten is why one is
	// not in the run file.
	failure   string
	unwritten error
}

// The last steps of a service that is Ready, or gone, may be told a little later.
const (
	lateSteps   = 5 * time.Second
	lateRemoval = 30 * time.Second
)

// patienceAfter is how long services that were removed are waited for: not at all if that
// has failed.
func patienceAfter(err error) time.Duration {
	if err != nil {
		return 0
	}
	return lateRemoval
}

// followDeployments has the run write down how its services come and go. If that cannot be
// watched, the run goes on without, unless it is needed.
func (s *session) followDeployments(ctx context.Context, needed bool) error {
	err := s.cluster.FollowDeployments(ctx, s.header.RunID, s.clock)
	switch {
	case err == nil:
		s.deployments = deployments{cluster: s.cluster, write: s.writer.Deployment}
		return nil
	case needed || ctx.Err() != nil:
		return err
	}
	s.observer.See(Warning{"it is not measured how services are deployed: " + err.Error()})
	s.event(record.Event{At: s.clock.Now(), Kind: record.EventDeploymentsUnread, Message: err.Error()})
	return nil
}

// followed says that it can be known how services come and go.
func (d *deployments) followed() bool { return d.cluster != nil }

// ending ends the waiting for services: it waits until all of them have come to their last
// step, but no longer than it is told, and writes down how far the others came. The error
// says that the run file lacks some of them.
type ending func(limit time.Duration) (failure string, unwritten error)

// expect begins to follow services that are created next, and returns what ends that.
func (d *deployments) expect(ctx context.Context, services []templates.Service, b record.Batch) ending {
	if !d.followed() {
		return func(time.Duration) (string, error) { return "", nil }
	}
	of := map[record.Key]int{}
	for _, s := range services {
		of[record.Key{RuntimeClass: s.RuntimeClass, Variant: s.Variant}]++
	}
	var batch []record.Deployment
	for _, s := range services {
		b.Services, b.Together, b.InitialScale = of[record.Key{RuntimeClass: s.RuntimeClass, Variant: s.Variant}], len(services), s.InitialScale
		batch = append(batch, record.Deployment{RuntimeClass: s.RuntimeClass, Variant: s.Variant, Service: s.Name, Batch: b})
	}
	d.services = append(d.services, batch...)
	return d.await(ctx, batch, d.cluster.AwaitDeployed)
}

// expectGone is expect for the services that there are, which are removed next.
func (d *deployments) expectGone(ctx context.Context) ending {
	if !d.followed() {
		return func(time.Duration) (string, error) { return "", nil }
	}
	all := d.services
	d.services = nil
	return d.await(ctx, all, d.cluster.AwaitRemoved)
}

// await writes down what becomes of services. What an interruption of the run has cut off
// is not written down, because nobody knows what would have become of it.
func (d *deployments) await(run context.Context, services []record.Deployment, await func(context.Context, string) record.Deployment) ending {
	ctx, giveUp := context.WithCancel(run)
	var waiting sync.WaitGroup
	var became outcome
	for _, known := range services {
		waiting.Go(func() {
			got := await(ctx, known.Service)
			if got.Failure != "" && run.Err() != nil {
				return
			}
			got.RuntimeClass, got.Variant, got.Batch = known.RuntimeClass, known.Variant, known.Batch
			became.note(got.Failure, d.write(got))
		})
	}
	return func(limit time.Duration) (string, error) {
		defer giveUp()
		late := time.AfterFunc(limit, giveUp)
		defer late.Stop()
		waiting.Wait()
		return became.failure, became.unwritten
	}
}

// note keeps the first of each.
func (o *outcome) note(failure string, unwritten error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failure, o.unwritten = cmp.Or(o.failure, failure), cmp.Or(o.unwritten, unwritten)
}
