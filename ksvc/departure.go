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
)

// departure watches a run's objects until all that were ever seen are gone.
type departure struct {
	progress Progress
	now      func() time.Duration

	mu      sync.Mutex
	there   map[types.UID]string
	counted map[types.UID]bool
	done    Deleted
	changed signal
}

func newDeparture(p Progress) *departure {
	began := time.Now()
	return &departure{
		progress: p, there: map[types.UID]string{}, counted: map[types.UID]bool{},
		now: func() time.Duration { return time.Since(began) },
	}
}

func (d *departure) arm(ctx context.Context, sources []source) error {
	for _, each := range sources {
		s := &stream{
			source: each, sink: departureSink{d, each.name}, now: d.now, lost: -1,
			tell: tell{func(string, time.Duration, error) {}, func(string, error) {}, func(string, time.Duration) {}},
		}
		var first watch.Interface
		err := retryBusy(ctx, deleteBackoff, func() (err error) {
			first, err = s.connect(ctx)
			return err
		})
		if err != nil {
			return err
		}
		go s.run(ctx, first)
	}
	return nil
}

// wait returns when nothing is left.
func (d *departure) wait(ctx context.Context) error {
	for {
		d.mu.Lock()
		left, changed := len(d.there), d.changed.wait()
		d.mu.Unlock()
		if left == 0 {
			return nil
		}
		if err := pause(ctx, changed, 0); err != nil {
			return err
		}
	}
}

// result is what went, and what is left in words. Nothing left while Delete still
// waits means that it could not be seen what there is.
func (d *departure) result() (Deleted, string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var left []string
	for _, name := range d.there {
		left = append(left, name)
	}
	slices.Sort(left)
	if len(left) == 0 {
		return d.done, "no answer from the API server"
	}
	return d.done, fmt.Sprintf("%d objects are left: %s", len(left), strings.Join(left[:min(len(left), 5)], ", "))
}

// seen and left take in one object; d.mu is held.
func (d *departure) seen(o metav1.Object, kind string) {
	words := kind + " " + o.GetNamespace() + "/" + o.GetName()
	if o.GetDeletionTimestamp() != nil {
		words += " (Terminating)"
	}
	d.there[identity(o)] = words
	d.counted[identity(o)] = true
}

func (d *departure) left(uid types.UID, kind string) {
	if _, was := d.there[uid]; !was {
		return
	}
	delete(d.there, uid)
	switch kind {
	case watchedServices:
		d.done.Services++
	case watchedPods:
		d.done.Pods++
	}
	d.progress(len(d.counted)-len(d.there), len(d.counted))
	d.changed.fire()
}

// identity is the object's UID; objects of a fake API have none.
func identity(o metav1.Object) types.UID {
	if uid := o.GetUID(); uid != "" {
		return uid
	}
	return types.UID(fmt.Sprintf("%T/%s/%s", o, o.GetNamespace(), o.GetName()))
}

// departureSink is the departure as seen from one source.
type departureSink struct {
	*departure
	kind string
}

func (s departureSink) listed(objects []runtime.Object, _, _ time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := map[types.UID]bool{}
	for _, o := range objects {
		if m, ok := ours(o); ok {
			now[identity(m)] = true
			s.seen(m, s.kind)
		}
	}
	for uid, words := range s.there {
		if !now[uid] && strings.HasPrefix(words, s.kind+" ") {
			s.left(uid, s.kind)
		}
	}
}

func (s departureSink) arrived(kind watch.EventType, o runtime.Object, _ time.Duration) {
	m, ok := ours(o)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind == watch.Deleted {
		s.left(identity(m), s.kind)
		return
	}
	s.seen(m, s.kind)
}

// ours is a second look at the label: it is what guards other people's objects.
func ours(o runtime.Object) (metav1.Object, bool) {
	m, err := meta.Accessor(o)
	return m, err == nil && m.GetLabels()[LabelManagedBy] == ManagedBy
}
