package deploy

import (
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"knative.dev/pkg/apis"
	duckv1 "knative.dev/pkg/apis/duck/v1"
	"knative.dev/serving/pkg/apis/serving"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
)

// part is an object of any of the followed types.
type part interface {
	duckv1.KRShaped
	IsReady() bool
}

// sink is the follower as one feed sees it.
type sink struct {
	*Follower
	kind string
}

// watchResolution is about how long a watch event is on its way here.
const watchResolution = time.Millisecond

// Listed takes in what there is after a gap of the watch. What changed in the gap did so
// at any time within.
func (s sink) Listed(objects []runtime.Object, at, since time.Duration) {
	there := map[string]bool{}
	for _, o := range objects {
		if p, ok := o.(part); ok {
			there[p.GetName()] = true
			s.observe(p, at, at-max(since, 0))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.services {
		for part := range v.parts {
			if part.kind == s.kind && !there[part.name] {
				v.lost(part, at, at-max(since, 0))
			}
		}
	}
}

// Arrived takes in one change.
func (s sink) Arrived(kind watch.EventType, o runtime.Object, at time.Duration) {
	p, ok := o.(part)
	switch {
	case !ok:
	case kind != watch.Deleted:
		s.observe(p, at, watchResolution)
	default:
		s.change(serviceOf(p), func(v *service) { v.lost(partName{s.kind, p.GetName()}, at, watchResolution) })
	}
}

// lost takes in that an object is gone.
func (v *service) lost(part partName, at, within time.Duration) {
	delete(v.parts, part)
	v.departed(at, within)
	v.changed.Fire()
}

// serviceOf is the service that an object is, or belongs to.
func serviceOf(p part) string {
	if _, is := p.(*servingv1.Service); is {
		return p.GetName()
	}
	return p.GetLabels()[serving.ServiceLabelKey]
}

func (s sink) observe(p part, at, resolution time.Duration) {
	name := serviceOf(p)
	if name == "" {
		return
	}
	s.change(name, func(v *service) {
		v.parts[partName{s.kind, p.GetName()}] = true
		if p.IsReady() {
			v.ready(stepOf[s.kind], p, at, resolution, s.options.Clock)
		}
		if service, is := p.(*servingv1.Service); is {
			v.observe(service)
		}
		if v.host != "" && v.has(ingresses) && !v.probing {
			v.probing = true
			s.working.Go(func() { s.probe(v, at) })
		}
	})
}

// ready takes in that a part is Ready, with what the API server says of when.
func (v *service) ready(step record.DeployStepName, p part, at, resolution time.Duration, clock record.Clock) {
	if v.created.reached(step) {
		return
	}
	v.created.reach(step, at, record.ClockWatch, resolution)
	if c := p.GetStatus().GetCondition(apis.ConditionReady); c != nil && !c.LastTransitionTime.Inner.IsZero() {
		v.created.server = append(v.created.server, record.DeployStep{Name: step, At: clock.At(c.LastTransitionTime.Inner.Time), Clock: record.ClockAPI, Resolution: time.Second})
	}
}

// observe takes in one version of the service itself.
func (v *service) observe(o *servingv1.Service) {
	if u := o.Status.URL; u != nil {
		v.host = u.Host
	}
	v.condition = ""
	if c := o.Status.GetCondition(apis.ConditionReady); c != nil && !c.IsTrue() {
		v.condition = phrase.Join("Ready is "+string(c.Status), c.Reason, c.Message)
	}
}

// has says that the service has an object of a type.
func (v *service) has(kind string) bool {
	for part := range v.parts {
		if part.kind == kind {
			return true
		}
	}
	return false
}

var _ feed.Sink = sink{}
