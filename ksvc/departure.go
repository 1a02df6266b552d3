package ksvc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"knative.dev/serving/pkg/apis/serving"

	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

// departure watches a run's objects until all that were ever seen are gone.
type departure struct {
	progress Progress
	trace    *Trace
	now      func() time.Duration

	mu sync.Mutex
	// there are the objects that exist.
	there map[types.UID]remnant
	// counted are all that were ever seen.
	counted map[types.UID]bool
	done    Deleted
	changed feed.Signal
}

// remnant is an object that is not gone yet.
type remnant struct {
	feed string // its resource type
	name string // NAMESPACE/NAME
	// service is the Knative Service that it is, or belongs to.
	service string
	// terminating says that its deletion was asked for.
	terminating bool
}

// String says what it is, for people.
func (r remnant) String() string {
	words := r.feed + " " + r.name
	if r.terminating {
		words += " (Terminating)"
	}
	return words
}

func newDeparture(t *Trace, p Progress) *departure {
	began := time.Now()
	return &departure{
		progress: p, trace: t, there: map[types.UID]remnant{}, counted: map[types.UID]bool{},
		now: func() time.Duration { return time.Since(began) },
	}
}

// arm follows the feeds. What happens once it has returned is seen.
func (d *departure) arm(ctx context.Context, feeds []feed.Feed) error {
	for _, f := range feeds {
		s := feed.NewStream(f, departureSink{d, f.Name}, nil, d.now)
		var first watch.Interface
		err := retryPassing(ctx, func() (err error) {
			first, err = s.Connect(ctx)
			return err
		})
		if err != nil {
			return err
		}
		go s.Run(ctx, first)
	}
	return nil
}

// wait returns when nothing is left.
func (d *departure) wait(ctx context.Context) error {
	for {
		d.mu.Lock()
		left, changed := len(d.there), d.changed.Next()
		d.mu.Unlock()
		if left == 0 {
			return nil
		}
		if err := feed.Pause(ctx, changed, 0); err != nil {
			return err
		}
	}
}

// settled is wait for a time in which Knative may make anew what is gone. It returns when
// nothing has been left for a while.
func (d *departure) settled(ctx context.Context) error {
	for again := true; again; {
		if err := d.wait(ctx); err != nil {
			return err
		}
		if err := feed.Pause(ctx, nil, settleTime); err != nil {
			return err
		}
		d.mu.Lock()
		again = len(d.there) > 0
		d.mu.Unlock()
	}
	return nil
}

// result is what is gone, and in words what is left. If nothing is left while Delete
// still waits, the API server has not told what there is.
func (d *departure) result() (Deleted, string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var left []string
	for _, r := range d.there {
		left = append(left, r.String())
	}
	slices.Sort(left)
	if len(left) == 0 {
		return d.done, "no answer from the API server"
	}
	return d.done, fmt.Sprintf("%d objects are left: %s", len(left), strings.Join(left[:min(len(left), 5)], ", "))
}

// seen takes in an object that exists; d.mu is held.
func (d *departure) seen(o metav1.Object, kind string) {
	r := remnant{feed: kind, name: o.GetNamespace() + "/" + o.GetName(), terminating: o.GetDeletionTimestamp() != nil}
	if r.service = o.GetLabels()[serving.ServiceLabelKey]; kind == feed.Services {
		r.service = o.GetName()
	}
	d.there[identity(o)] = r
	d.counted[identity(o)] = true
}

// left takes in that an object is gone, since at most within; d.mu is held.
func (d *departure) left(uid types.UID, within time.Duration) {
	r, was := d.there[uid]
	if !was {
		return
	}
	delete(d.there, uid)
	switch r.feed {
	case feed.Services:
		d.done.Services++
		d.trace.Deleted(r.service, within)
	case feed.Pods:
		d.done.Pods++
	}
	if !d.remains(r.service) {
		d.trace.Gone(r.service, within)
	}
	d.progress(len(d.counted)-len(d.there), len(d.counted))
	d.changed.Fire()
}

// remains says that something of a service is there; d.mu is held.
func (d *departure) remains(service string) bool {
	for _, r := range d.there {
		if r.service == service {
			return true
		}
	}
	return false
}

// identity is the object's UID. The objects of the clientsets in tests have none.
func identity(o metav1.Object) types.UID {
	if uid := o.GetUID(); uid != "" {
		return uid
	}
	return types.UID(fmt.Sprintf("%T/%s/%s", o, o.GetNamespace(), o.GetName()))
}

// watchDelay is about how long a watch event is on its way here.
const watchDelay = time.Millisecond

// settleTime is how long nothing has to be left where Knative may not know yet that a
// service is gone.
const settleTime = 2 * time.Second

// departureSink is the departure as one feed sees it.
type departureSink struct {
	*departure
	kind string
}

func (s departureSink) Listed(objects []runtime.Object, at, since time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := map[types.UID]bool{}
	for _, o := range objects {
		if m, ok := ours(o); ok {
			now[identity(m)] = true
			s.seen(m, s.kind)
		}
	}
	for uid, r := range s.there {
		if !now[uid] && r.feed == s.kind {
			s.left(uid, at-since)
		}
	}
}

func (s departureSink) Arrived(kind watch.EventType, o runtime.Object, _ time.Duration) {
	m, ok := ours(o)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind == watch.Deleted {
		s.left(identity(m), watchDelay)
		return
	}
	s.seen(m, s.kind)
}

// ours looks at the label once more. It guards the objects of other people.
func ours(o runtime.Object) (metav1.Object, bool) {
	m, err := meta.Accessor(o)
	return m, err == nil && m.GetLabels()[LabelManagedBy] == ManagedBy
}
