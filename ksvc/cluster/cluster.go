// Package cluster is the whole of a cluster to measure behind one type. It puts
// together what ksvc and the packages below it offer, so that an experiment, or a
// program of a library's user, needs to know none of them. Package loadgen/experiment
// says what it asks of a cluster; Cluster has it all.
package cluster

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/check"
	"github.com/kn-coldstart/kn-coldstart/ksvc/deploy"
	"github.com/kn-coldstart/kn-coldstart/ksvc/ingress"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Cluster is a cluster to measure, in one namespace. It serves one run at a time:
//
//	Survey ── StartWatch ── Create ── AwaitReady, Address, AwaitRoute for each service
//	(requests: AwaitZero before each, Prove after it)
//	StopWatch ── RestoreTraces and Remove
//
// FollowDeployments comes before Create, and StopDeployments after Remove, where the run is
// to know how services come and go. ClaimTraces and StartTraces come before Create, and
// StopTraces after the last request. RestoreTraces and Remove do not wait for each other. StartWorkers and
// AwaitWorkers come before the first request, and StopWorkers after the last. From the first
// Create or StartWorkers until Remove and StopWorkers a lease says that the run is alive.
type Cluster struct {
	client *ksvc.Client

	mu sync.Mutex
	// address is the ingress', once it is known. It takes requests of the scheme, which
	// is http where it is empty.
	address, scheme string
	// workers says that workers are to connect to the address, too.
	workers bool
	// existing are the services that Survey was asked for, which StartWatch follows.
	existing []record.ExistingService
	// follower is nil unless deployments are followed.
	follower atomic.Pointer[deploy.Follower]
	watching
	traces
	holding holding
	staff   staff
}

// Connect reads the kubeconfig. It does not talk to the cluster yet.
func Connect(k ksvc.Kubeconfig) (*Cluster, error) {
	c, err := ksvc.Connect(k)
	if err != nil {
		return nil, err
	}
	return New(c), nil
}

// New is the cluster that a client talks to.
func New(c *ksvc.Client) *Cluster { return &Cluster{client: c} }

// Client is the client that the cluster is read and changed through.
func (c *Cluster) Client() *ksvc.Client { return c.client }

// Server is the API server's address, for messages.
func (c *Cluster) Server() string { return c.client.Server }

// Requests is how many requests were made to the API server so far.
func (c *Cluster) Requests() int64 { return c.client.Requests() }

// Survey runs the checks that a run needs and reads what it has to know. Its error
// names the checks that failed, with a hint; the checks are returned even then. The
// existing services that n names are those that StartWatch then follows.
func (c *Cluster) Survey(ctx context.Context, n record.Needs) (record.Survey, error) {
	found, err := check.Survey(ctx, c.client, n)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.address, c.scheme, c.existing = found.IngressAddress, n.Scheme, found.Services
	c.workers = n.Workers.Count > 0
	return found, err
}

// Doctor runs the checks of Survey and looks at the settings that move the numbers.
func (c *Cluster) Doctor(ctx context.Context, n record.Needs) []record.Check {
	return check.Doctor(ctx, c.client, n)
}

// Changes says what Create will change in the manifests of the services. It asks the
// cluster nothing.
func (c *Cluster) Changes(runID string, services []templates.Service) ([]string, error) {
	return c.client.Changes(runID, services)
}

// Create creates the services of a run. It stops at the first failure; what was
// created stays until Remove. progress may be nil.
func (c *Cluster) Create(ctx context.Context, runID string, services []templates.Service, progress func(done, total int)) error {
	if err := c.holding.take(ctx, c.client, runID, &c.holding.services); err != nil {
		return err
	}
	return c.client.CreateAll(c.traced(ctx), runID, services, progress)
}

// Address is where to connect for requests to a service that is Ready, HOST:PORT. If
// Survey did not find the ingress, the service's own ingress object may tell.
func (c *Cluster) Address(ctx context.Context, service string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.address != "" {
		return c.address, nil
	}
	found, err := ingress.Find(ctx, c.client, ingress.Wanted{Service: service, Scheme: c.scheme, Workers: c.workers})
	if err != nil {
		return "", err
	}
	c.address = found.Address
	return c.address, nil
}

// recovery is for how long after the API server has restarted Kubernetes' and Knative's
// controllers may see changes late: they try to watch again every 30 to 60 s in the end.
const recovery = 2 * time.Minute

// Remove removes all that a run created but its workers, and returns when it is gone. ctx
// should not be one that Ctrl-C has cancelled.
//
// It does so in order, since the API server may have restarted before the run. Removals
// that are followed are as quick as they can be, unless a watch was lost lately.
func (c *Cluster) Remove(ctx context.Context, runID string, progress func(done, total int)) error {
	w, followed := c.present.Load(), c.follower.Load() != nil
	_, err := c.client.Delete(c.traced(ctx), ksvc.DeleteOptions{
		Runs: []string{runID}, KeepWorkers: true, Progress: progress,
		InOrder: !followed || w != nil && w.LostWithin(recovery),
	})
	// What is left without a lease is for clean.
	return errors.Join(err, c.holding.leave(ctx, &c.holding.services))
}
