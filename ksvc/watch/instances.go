package watch

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"knative.dev/serving/pkg/apis/serving"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Knative's labels that say what an object belongs to.
const (
	labelRevision = serving.RevisionLabelKey
	labelService  = serving.ServiceLabelKey
)

// Instances counts the instances of a class. The zero key stands for all of them.
func (w *Watch) Instances(class record.Key) record.InstanceCount {
	w.mu.Lock()
	defer w.mu.Unlock()
	if class == (record.Key{}) {
		return w.all
	}
	return *w.tally(class.Class())
}

// Instance is one instance that exists.
type Instance struct {
	UID          string
	RuntimeClass string
	// Node is where it runs. It is empty until the instance is scheduled.
	Node  string
	Ready bool
}

// Alive are the instances that exist, Terminating ones included, in no order.
func (w *Watch) Alive() []Instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]Instance, 0, len(w.pods))
	for _, p := range w.pods {
		list = append(list, Instance{UID: string(p.uid), RuntimeClass: p.class, Node: p.node, Ready: p.readyNow})
	}
	return list
}

// tally is the count of a class.
func (w *Watch) tally(class record.Key) *record.InstanceCount {
	count := w.classes[class]
	if count == nil {
		count = &record.InstanceCount{}
		w.classes[class] = count
	}
	return count
}

// count adds to the counts that a pod is part of.
func (w *Watch) count(p *pod, spawned, alive, ready int) {
	for _, c := range []*record.InstanceCount{&w.all, w.tally(p.key())} {
		c.Spawned += spawned
		c.Alive += alive
		c.Ready += ready
	}
}

// podSeen takes in one version of a pod, and counts and reports what changed.
func (w *Watch) podSeen(o *corev1.Pod, s sighting) {
	if w.finished[o.UID] {
		return
	}
	r := w.revision(o.Labels[labelRevision])
	p := r.byUID(o.UID)
	if p == nil {
		p = w.newPod(r, o)
	}
	if p.gone != 0 {
		return // an update that a list after a gap has overtaken
	}
	before := p.stage()
	p.observe(o, s)
	if p.imageID != "" {
		w.images[p.service] = p.imageID
	}
	w.advance(p, before, s.at)
	if now := p.severity(); now > p.reported {
		p.reported = now
		w.reportTrouble(p, s.at)
	}
	if finished(o) {
		w.finished[p.uid] = true
		w.podGone(p, s.at)
	}
	r.changed.Fire()
}

// advance counts and reports the stages that a pod has come to.
func (w *Watch) advance(p *pod, before stage, at time.Duration) {
	now := p.stage()
	if !before.created {
		w.count(p, 1, 1, 0)
		w.report(record.EventInstanceCreated, p, p.seen, w.all.Alive)
	}
	if now.scheduled && !before.scheduled {
		w.report(record.EventInstanceScheduled, p, at, 0)
	}
	if now.running && !before.running {
		w.report(record.EventInstanceRunning, p, at, 0)
	}
	switch {
	case now.ready && !before.ready:
		w.count(p, 0, 0, 1)
		w.report(record.EventInstanceReady, p, at, w.all.Ready)
	case before.ready && !now.ready:
		w.count(p, 0, 0, -1)
		w.report(record.EventInstanceUnready, p, at, w.all.Ready)
	}
}

func (w *Watch) newPod(r *revision, o *corev1.Pod) *pod {
	service := o.Labels[labelService]
	key := w.scope.key(service, o.Labels)
	p := &pod{
		name: o.Name, uid: o.UID, revision: r.name, serving: servingContainer(o),
		class: key.RuntimeClass, variant: key.Variant, service: service,
	}
	r.pods = append(r.pods, p)
	w.pods[p.uid] = p
	for _, early := range w.early.take(p.uid) {
		p.observeEvent(early.event, early.at)
	}
	return p
}

// podGone takes in that a pod is no more.
func (w *Watch) podGone(p *pod, at time.Duration) {
	if p.gone != 0 {
		return
	}
	p.gone = at
	ready := 0
	if p.readyNow {
		p.readyNow, ready = false, -1
	}
	w.count(p, 0, -1, ready)
	w.report(record.EventInstanceGone, p, at, w.all.Alive)
	delete(w.pods, p.uid)
	r := w.revision(p.revision)
	r.trim()
	r.changed.Fire()
}

func (w *Watch) report(kind record.Kind, p *pod, at time.Duration, value int) {
	e := eventOf(kind, p, at)
	e.Value = float64(value)
	w.emit(e)
}

func (w *Watch) reportTrouble(p *pod, at time.Duration) {
	e := eventOf(record.EventInstanceTrouble, p, at)
	e.Message, e.Causes = p.trouble.Message, p.trouble.Causes
	w.emit(e)
}

// eventOf is an event about a pod.
func eventOf(kind record.Kind, p *pod, at time.Duration) record.Event {
	return record.Event{
		At: at, Kind: kind, RuntimeClass: p.class, Variant: p.variant,
		Service: p.service, Pod: p.name, UID: string(p.uid),
	}
}
