package deploy

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/ingress"
)

// probeEvery is how often a service is probed at most.
const probeEvery = 20 * time.Millisecond

// probe asks again and again whether a request for the service would get through the
// ingress, from when its ingress object was seen. Before that no ingress can know the
// service. A probe wakes nothing: the activator answers it by itself, and the autoscaler
// does not count it. It is not known when between the last probe that failed and the first
// one that did not the way was open; that is the resolution.
func (f *Follower) probe(v *service, since time.Duration) {
	address, ok := f.address(v)
	if !ok {
		return
	}
	f.mu.Lock()
	t := record.Target{Scheme: f.options.Scheme, Host: v.host, Address: address}
	f.mu.Unlock()
	client := ingress.NewProber(t.Host)
	for f.probes.Wait(f.ctx) == nil {
		sent := f.now()
		answer := ingress.Probe(f.ctx, client, t)
		done := f.now()
		if f.take(v, answer, done, done-since) {
			return
		}
		since = sent
		if feed.Pause(f.ctx, nil, probeEvery) != nil {
			return
		}
	}
}

// take takes in the answer to a probe, and says whether it was the last one.
func (f *Follower) take(v *service, answer ingress.Answer, at, within time.Duration) (last bool) {
	f.change(v.name, func(v *service) {
		switch {
		case answer.Through:
			v.answer = ""
			v.created.reach(record.StepRoutable, at, record.ClockClient, within)
			last = true
		case answer.Unclear && v.created.reached(record.StepReady):
			v.unclear = "not the activator answered the probe: " + answer.Text
			last = true
		default:
			v.answer = answer.Text
			last = len(v.parts) == 0 // it was deleted
		}
	})
	return last
}

// address is where the ingress is. If it is not known yet, that may be once the service's
// own ingress object is Ready.
func (f *Follower) address(v *service) (string, bool) {
	if f.options.Address != "" {
		return f.options.Address, true
	}
	for {
		f.mu.Lock()
		ready, changed := v.created.reached(record.StepIngressReady), v.changed.Next()
		f.mu.Unlock()
		if ready {
			break
		}
		if feed.Pause(f.ctx, changed, 0) != nil {
			return "", false
		}
	}
	found, err := f.options.Find(f.ctx, v.name)
	if err != nil {
		f.change(v.name, func(v *service) { v.unclear = "the ingress was not found: " + err.Error() })
	}
	return found, err == nil
}
