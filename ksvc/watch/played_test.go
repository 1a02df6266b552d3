package watch

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	autoscaling "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

const ms = time.Millisecond

// played is a Watch that is not connected to anything: the test plays what the
// streams would deliver, at instants of its choice.
type played struct {
	*Watch
	t     *testing.T
	sinks map[string]feed.Sink
}

func newPlayed(t *testing.T, o options) *played { return newPlayedTo(t, o, nil) }

// newPlayedTo is one whose events the test takes.
func newPlayedTo(t *testing.T, o options, emit func(record.Event)) *played {
	t.Helper()
	return newPlayedOf(t, ofRun(ksvctest.Run), o, emit)
}

// newPlayedOf is one that follows the services of a scope.
func newPlayedOf(t *testing.T, s scope, o options, emit func(record.Event)) *played {
	t.Helper()
	w := newWatch(ksvctest.NewFakes().Client, s, record.NewClock(), o, emit)
	t.Cleanup(w.Stop)
	p := &played{Watch: w, t: t, sinks: map[string]feed.Sink{}}
	for _, f := range w.feeds() {
		p.sinks[f.feed.Name] = f.sink
	}
	return p
}

func (p *played) play(at time.Duration, kind watch.EventType, o runtime.Object) {
	p.t.Helper()
	name := ""
	switch o.(type) {
	case *servingv1.Service:
		name = feed.Services
	case *corev1.Pod:
		name = feed.Pods
	case *appsv1.Deployment:
		name = feed.Deployments
	case *autoscaling.PodAutoscaler:
		name = feed.Autoscalers
	case *v1alpha1.ServerlessService:
		name = feed.Routing
	case *corev1.Event:
		name = feed.Events
	default:
		p.t.Fatalf("no feed for %T", o)
	}
	p.sinks[name].Arrived(kind, o, at)
	p.Heard(name, at)
}

func (p *played) list(at, since time.Duration, name string, objects ...runtime.Object) {
	p.sinks[name].Listed(objects, at, since)
}

// zero plays a revision that is at zero.
func (p *played) zero(at time.Duration) {
	p.t.Helper()
	p.play(at, watch.Added, ksvctest.NewDeployment(0))
	p.play(at, watch.Added, ksvctest.NewAutoscaler(0, false))
	p.play(at, watch.Added, ksvctest.NewRouting(v1alpha1.SKSOperationModeProxy, true))
}

// alive plays a bookmark of the watches that show that there is no pod.
func (p *played) alive(at time.Duration) {
	p.Heard(feed.Pods, at)
	p.Heard(feed.Deployments, at)
}
