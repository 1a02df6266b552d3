// Package deploy measures how Knative Services come into being, and how they go: when
// each part of one is Ready, when a request would get through the ingress, and when all of
// it is gone again.
//
//	createSent ─ created ─┬─ configurationReady, revisionReady ─┬─ ready ─ routable
//	                      └─ ingressReady ─ routeReady ─────────┘
//	deleteSent ─ deleted ─ gone
//
// It goes by the arrival of watch events, because the API's own timestamps are whole
// seconds; those are kept beside. Package watch follows the instances of services, which
// is another question: a run that sends no requests may need this package alone.
package deploy

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

// Options say what is followed.
type Options struct {
	// Run is the run whose services are followed.
	Run   string
	Clock record.Clock
	// Scheme is how requests are sent to the ingress: "https", or empty for http.
	Scheme string
	// Address is where the ingress is, HOST:PORT. If it is empty, Find is asked for it once
	// the ingress object of a service is Ready, which may tell.
	Address string
	Find    func(ctx context.Context, service string) (string, error)
}

// Follower follows the services of one run.
type Follower struct {
	options   Options
	namespace string
	// probes bounds how many probes there are in a second, of all services together: they
	// pass through the ingress and the activator, which are measured meanwhile.
	probes flowcontrol.RateLimiter

	ctx     context.Context // of what goes on until Stop
	stop    context.CancelFunc
	working sync.WaitGroup

	mu       sync.Mutex
	services map[string]*service
}

const probesPerSecond = 200

// armLimit bounds how long it may take to open the watches.
const armLimit = 20 * time.Second

// Follow opens the watches. What happens once it has returned is seen, until Stop.
func Follow(ctx context.Context, c *ksvc.Client, o Options) (*Follower, error) {
	f := &Follower{options: o, namespace: c.Namespace, probes: flowcontrol.NewTokenBucketRateLimiter(probesPerSecond, 1), services: map[string]*service{}}
	following, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	f.ctx, f.stop = following, func() { cancel(nil) }
	late := time.AfterFunc(armLimit, func() { cancel(fmt.Errorf("not open within %v", armLimit)) })
	defer late.Stop()
	opening := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer opening()
	for _, one := range f.feeds(c) {
		s := feed.NewStream(one, sink{f, one.Name}, nil, o.Clock.Now)
		first, err := s.Connect(f.ctx)
		if err != nil {
			if cause := context.Cause(f.ctx); cause != nil {
				err = cause
			}
			f.Stop()
			return nil, fmt.Errorf("follow deployments in namespace %s: %w", c.Namespace, err)
		}
		f.working.Go(func() { s.Run(f.ctx, first) })
	}
	return f, nil
}

// Stop ends the watches and the probes.
func (f *Follower) Stop() {
	f.stop()
	f.working.Wait()
}

// The resource types of the parts of a service.
const (
	configurations = "configurations.serving.knative.dev"
	revisions      = "revisions.serving.knative.dev"
	routes         = "routes.serving.knative.dev"
	ingresses      = "ingresses.networking.internal.knative.dev"
)

// stepOf is which step it is that an object of a feed is Ready.
var stepOf = map[string]record.DeployStepName{
	feed.Services: record.StepReady, configurations: record.StepConfigurationReady, revisions: record.StepRevisionReady,
	routes: record.StepRouteReady, ingresses: record.StepIngressReady,
}

func (f *Follower) feeds(c *ksvc.Client) []feed.Feed {
	ours, in, serving := metav1.ListOptions{LabelSelector: ksvc.Selector(f.options.Run)}, c.Namespace, c.Serving.ServingV1()
	return []feed.Feed{
		feed.New(feed.Services, ours, serving.Services(in)),
		feed.New(configurations, ours, serving.Configurations(in)),
		feed.New(revisions, ours, serving.Revisions(in)),
		feed.New(routes, ours, serving.Routes(in)),
		feed.New(ingresses, ours, c.Networking.NetworkingV1alpha1().Ingresses(in)),
	}
}

// Trace is to be given to what creates and deletes the services.
func (f *Follower) Trace() *ksvc.Trace {
	return &ksvc.Trace{
		CreateSent: func(name string) {
			f.change(name, func(v *service) { v.created.sent(record.StepCreateSent, f.now()) })
		},
		Created: func(name string) {
			f.change(name, func(v *service) { v.created.reach(record.StepCreated, f.now(), record.ClockClient, 1) })
		},
		DeleteSent: func(name string) {
			f.change(name, func(v *service) { v.removed.sent(record.StepDeleteSent, f.now()) })
		},
		Deleted: func(name string, within time.Duration) {
			f.change(name, func(v *service) { v.deleted(f.now(), within) })
		},
		Gone: func(name string, within time.Duration) {
			f.change(name, func(v *service) {
				v.left = true
				v.departed(f.now(), within)
			})
		},
	}
}

func (f *Follower) now() time.Duration { return f.options.Clock.Now() }

// change changes what is known of a service, and wakes who waits for it.
func (f *Follower) change(name string, do func(*service)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.service(name)
	do(v)
	v.changed.Fire()
}

// service is what is known of a service; f.mu is held.
func (f *Follower) service(name string) *service {
	v := f.services[name]
	if v == nil {
		v = &service{name: name, parts: map[partName]bool{}}
		f.services[name] = v
	}
	return v
}

// AwaitDeployed returns how a service was deployed once it is known, or, when ctx ends,
// what is known by then, with what is missing.
func (f *Follower) AwaitDeployed(ctx context.Context, name string) record.Deployment {
	return f.await(ctx, name, (*service).deployment)
}

// AwaitRemoved is AwaitDeployed for how a service was removed.
func (f *Follower) AwaitRemoved(ctx context.Context, name string) record.Deployment {
	return f.await(ctx, name, (*service).removal)
}

func (f *Follower) await(ctx context.Context, name string, look func(*service) record.Deployment) record.Deployment {
	for {
		f.mu.Lock()
		v := f.service(name)
		d, changed, foreign := look(v), v.changed.Next(), v.foreign
		f.mu.Unlock()
		d.Service, d.Namespace = name, f.namespace
		if d.Failure == "" || foreign || feed.Pause(ctx, changed, 0) != nil {
			return d
		}
	}
}
