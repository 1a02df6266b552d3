package experiment

import (
	"context"
	"net/http"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Cluster is a cluster to measure. Package ksvc/cluster has the real one. It serves
// one run at a time.
type Cluster interface {
	Surveyor
	Deployer
	Watcher
	DeploymentWatcher
	Meter
	Tracer
	Staff
}

// Surveyor looks at a cluster and changes nothing.
type Surveyor interface {
	// Server is the API server's address, for messages.
	Server() string
	// Survey runs the checks that a run needs and reads what it has to know. Its error
	// says which checks failed, with a hint; the checks are returned even then. If n names
	// existing services, the watches that start next follow those, and the run creates none.
	Survey(ctx context.Context, n record.Needs) (record.Survey, error)
}

// Deployer creates and removes the services of a run.
type Deployer interface {
	// Changes says what Create will change in the manifests of the services, each change
	// once. It is asked only where services have one.
	Changes(runID string, services []templates.Service) ([]string, error)
	// Create creates the services. It stops at the first failure; what was created
	// stays until Remove.
	Create(ctx context.Context, runID string, services []templates.Service, progress func(done, total int)) error
	// Address is where to connect for requests to a service that exists, HOST:PORT.
	Address(ctx context.Context, service string) (string, error)
	// Remove removes all that the run created, and returns when it is gone.
	Remove(ctx context.Context, runID string, progress func(done, total int)) error
}

// Watcher watches what becomes of a run's services and instances.
type Watcher interface {
	// StartWatch arms all watches: what happens once it has returned is seen. emit is
	// given events in order, from one goroutine.
	StartWatch(ctx context.Context, runID string, clock record.Clock, p record.Patience, emit func(record.Event)) error
	// StopWatch ends the watches and returns when every event was emitted. Without a
	// watch it does nothing.
	StopWatch()

	// AwaitReady returns when the service is Ready and has no pod.
	AwaitReady(ctx context.Context, service string) (record.Target, error)
	// AwaitInstances returns when the service is Ready and that many of its instances are.
	AwaitInstances(ctx context.Context, service string, instances int) (record.Target, error)
	// AwaitZero returns when no pod of the target is left, Terminating ones included,
	// so that the next request is a cold start.
	AwaitZero(ctx context.Context, t record.Target) error
	// AwaitRoute returns when a request for the target would get through the ingress.
	AwaitRoute(ctx context.Context, t record.Target) error
	// AwaitTrouble returns an error as soon as it is clear that no instance of the
	// target will become Ready, and nil when ctx ends first.
	AwaitTrouble(ctx context.Context, t record.Target) error
	// Prove completes a sample with what the watches saw: whether it was a cold start
	// and why that is known, the instance, the phases. What it filled in counts even
	// when it fails.
	Prove(ctx context.Context, t record.Target, s *record.Sample) error

	// Instances counts the instances of a class; the zero key stands for all.
	Instances(class record.Key) record.InstanceCount
	// ImageID is the image that the kubelet ran last for a service, or "".
	ImageID(service string) string
}

// DeploymentWatcher watches how the services of a run come and go.
type DeploymentWatcher interface {
	// FollowDeployments begins: what happens to services once it has returned is seen, until
	// StopDeployments, which without it does nothing.
	FollowDeployments(ctx context.Context, runID string, clock record.Clock) error
	StopDeployments()
	// AwaitDeployed returns how a service was deployed once it is known, or, when ctx ends,
	// what is known by then, with a failure that says what is missing. What the experiment
	// knows of the service itself it leaves out.
	AwaitDeployed(ctx context.Context, service string) record.Deployment
	// AwaitRemoved is AwaitDeployed for how a service was removed.
	AwaitRemoved(ctx context.Context, service string) record.Deployment
}

// Meter tells what a run costs and uses.
type Meter interface {
	// Requests is how many requests were made to the API server so far.
	Requests() int64
	// SampleUsage begins to read what nodes and instances use, until stop is called. sums
	// is how often it adds up the instances of a class, where there are few of them and
	// they are on this machine. It needs the watch.
	SampleUsage(ctx context.Context, clock record.Clock, sums time.Duration, emit func(record.Resource), event func(record.Event)) (stop func())
	// FollowPanic begins to tell whether the autoscaler is in its panic mode for the target,
	// until stop is called: how it is at first, and each change; or that it cannot be read.
	FollowPanic(ctx context.Context, clock record.Clock, t record.Target, event func(record.Event)) (stop func())
}

// Tracer has Knative report the spans of requests.
type Tracer interface {
	// ClaimTraces makes the run the one that traces go to, which is one at a time. While
	// others are, it waits and tells waiting their ids.
	ClaimTraces(ctx context.Context, runID string, waiting func(runID string)) error
	// StartTraces listens at address, HOST:PORT of this machine at which pods reach it,
	// and has Knative report there. Spans of traces that known does not know are dropped.
	// It returns the address that it listens at.
	StartTraces(ctx context.Context, address string, known func(traceID string) bool, take func(record.TraceSpan)) (listens string, err error)
	// StopTraces ends the listening. No span is taken after it.
	StopTraces() error
	// RestoreTraces puts Knative's settings back and gives up the claim. left are the keys
	// that somebody else has changed meanwhile; they keep their values. Without ClaimTraces
	// it does nothing.
	RestoreTraces(ctx context.Context) (left []string, err error)
}

// Staff has workers in the cluster, which send the requests of a run.
type Staff interface {
	// StartWorkers starts the workers of a run. What was created stays until StopWorkers.
	StartWorkers(ctx context.Context, runID string, w record.Workers) error
	// AwaitWorkers returns the workers once all are Ready, those too that replace others. If they
	// get no pods or no nodes for a while, waiting is told why, once.
	AwaitWorkers(ctx context.Context, runID string, progress func(done, total int), waiting func(why string)) ([]record.Worker, error)
	// WorkerTransport reaches a worker that AwaitWorkers has returned, whatever host a request is
	// for.
	WorkerTransport(name string) http.RoundTripper
	// WorkerState says in words how a worker is, as far as it is known.
	WorkerState(ctx context.Context, name string) string
	// StopWorkers removes the workers of a run, and returns when they are gone.
	StopWorkers(ctx context.Context, runID string) error
}
