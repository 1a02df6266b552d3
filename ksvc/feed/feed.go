// Package feed follows resource types of the Kubernetes API: it lists the objects,
// watches them from there, and begins anew whenever the watch is lost. It knows
// nothing of what the objects mean. Package watch measures with it, and package
// ksvc waits with it until what it deleted is gone.
package feed

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Names of the resource types that are followed, as the API has them.
const (
	Services    = "services.serving.knative.dev"
	Pods        = record.WatchedPods
	Deployments = "deployments"
	Autoscalers = record.WatchedAutoscalers
	Routing     = "serverlessservices"
	Events      = "events"
	Nodes       = "nodes"
)

// Feed is one resource type, with the selector that picks objects of it.
type Feed struct {
	// Name is the resource type's, for messages and gaps.
	Name     string
	selector metav1.ListOptions
	list     func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch    func(context.Context, metav1.ListOptions) (watch.Interface, error)
}

// Lister is the part that all generated clients have in common.
type Lister[L runtime.Object] interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

// New is the feed of what a client lists.
func New[L runtime.Object](name string, selector metav1.ListOptions, client Lister[L]) Feed {
	return Feed{
		Name: name, selector: selector, watch: client.Watch,
		list: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return client.List(ctx, o) },
	}
}

// Sink receives what a Stream sees, stamped on arrival.
type Sink interface {
	// Listed brings the whole state after a gap that began at since. For the first
	// list since is negative.
	Listed(objects []runtime.Object, at, since time.Duration)
	// Arrived brings one change.
	Arrived(kind watch.EventType, object runtime.Object, at time.Duration)
}

// Observer is told what becomes of the watch of a Stream.
type Observer interface {
	// Heard says that the watch gave a sign of life: an event or a bookmark, or a list that
	// shows what the watch had brought.
	Heard(feed string, at time.Duration)
	// Down says that the watch was lost, and since when nothing is known.
	Down(feed string, at time.Duration, cause error)
	// StillDown says that a new watch could not be opened.
	StillDown(feed string, cause error)
	// Up says that there is a watch again.
	Up(feed string, at time.Duration)
}
