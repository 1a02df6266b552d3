package ksvc

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Instances counts the instances that a Watch saw, by pod UID.
type Instances struct {
	// Spawned is how many were ever created, Alive how many there are,
	// Terminating ones included, and Ready how many serve.
	Spawned, Alive, Ready int
	// PeakAlive and PeakReady are the most that there were at one moment.
	PeakAlive, PeakReady int
}

func (i *Instances) add(spawned, alive, ready int) {
	i.Spawned += spawned
	i.Alive += alive
	i.Ready += ready
	i.PeakAlive = max(i.PeakAlive, i.Alive)
	i.PeakReady = max(i.PeakReady, i.Ready)
}

// Instances counts the instances of a RuntimeClass; "" means all.
func (w *Watch) Instances(class string) Instances {
	w.mu.Lock()
	defer w.mu.Unlock()
	if class == "" {
		return w.all
	}
	return *w.tally(class)
}

// Instance is one instance that exists.
type Instance struct {
	UID          string
	RuntimeClass string
	// Node is where it runs; empty until it is scheduled.
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

// ResetPeaks starts the peaks anew from the present counts, and Spawned at zero.
func (w *Watch) ResetPeaks() {
	w.mu.Lock()
	defer w.mu.Unlock()
	reset := func(i *Instances) {
		*i = Instances{Alive: i.Alive, Ready: i.Ready, PeakAlive: i.Alive, PeakReady: i.Ready}
	}
	reset(&w.all)
	for _, i := range w.classes {
		reset(i)
	}
}

func (w *Watch) tally(class string) *Instances {
	i := w.classes[class]
	if i == nil {
		i = &Instances{}
		w.classes[class] = i
	}
	return i
}

func (w *Watch) count(p *pod, spawned, alive, ready int) {
	w.all.add(spawned, alive, ready)
	w.tally(p.class).add(spawned, alive, ready)
}

// podSeen takes in one version of a pod, and counts and reports what changed.
func (w *Watch) podSeen(o *corev1.Pod, s sighting) {
	r := w.revision(o.Labels[labelRevision])
	p := r.byUID(o.UID)
	if p == nil {
		p = w.newPod(r, o)
	}
	if p.gone != 0 {
		return // an update that a list after a gap has overtaken
	}
	before, known := p.stage(), p.told
	p.observe(o, s)
	if p.imageID != "" {
		w.images[p.service] = p.imageID
	}
	w.advance(p, before, s.at)
	if p.told = max(p.told, p.severity()); p.told > known {
		w.report(record.EventInstanceTrouble, p, s.at, p.trouble, 0)
	}
	r.changed.fire()
}

// advance counts and reports the stages that a pod has come to.
func (w *Watch) advance(p *pod, before stage, at time.Duration) {
	now := p.stage()
	if !before.created {
		w.count(p, 1, 1, 0)
		w.report(record.EventInstanceCreated, p, p.seen, "", w.all.Alive)
	}
	if now.scheduled && !before.scheduled {
		w.report(record.EventInstanceScheduled, p, at, "", 0)
	}
	if now.running && !before.running {
		w.report(record.EventInstanceRunning, p, at, "", 0)
	}
	switch {
	case now.ready && !before.ready:
		w.count(p, 0, 0, 1)
		w.report(record.EventInstanceReady, p, at, "", w.all.Ready)
	case before.ready && !now.ready:
		w.count(p, 0, 0, -1)
	}
}

func (w *Watch) newPod(r *revision, o *corev1.Pod) *pod {
	p := &pod{
		name: o.Name, uid: o.UID, revision: r.name,
		class: o.Labels[LabelRuntimeClass], variant: o.Labels[LabelVariant], service: o.Labels[labelService],
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
	w.report(record.EventInstanceGone, p, at, "", w.all.Alive)
	delete(w.pods, p.uid)
	r := w.revision(p.revision)
	r.trim()
	r.changed.fire()
}

func (w *Watch) report(kind record.Kind, p *pod, at time.Duration, message string, value int) {
	e := record.Event{
		At: at, Kind: kind, Message: message, RuntimeClass: p.class, Variant: p.variant,
		Service: p.service, Pod: p.name, UID: string(p.uid), Value: float64(value),
	}
	if kind == record.EventInstanceTrouble {
		e.Causes = record.CausesIn(message)
	}
	w.emit(e)
}
