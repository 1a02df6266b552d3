package watch

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/watch"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

const trace = "0102"

func spanOf(id, service, pod string) record.TraceSpan {
	return record.TraceSpan{TraceID: id, Span: record.Span{Service: service, Pod: pod, Name: "queue"}}
}

func queueSpan(pod string) record.TraceSpan { return spanOf(trace, record.QueueProxy, pod) }

func TestProveByTrace(t *testing.T) {
	other := "h-1-00001-deployment-abc-y"
	tests := []struct {
		name   string
		play   func(*played)
		change func(*record.Sample)
		cold   record.Coldness
		proof  record.Proof
		reason string
		uid    string
	}{
		{
			name: "a span names the pod",
			play: func(p *played) { p.atZero(); p.birth("u1"); p.ObserveSpan(queueSpan(ksvctest.Pod)) },
			cold: record.Proven, proof: record.ProofTrace, uid: "u1",
			reason: "zero pods when it was sent; by its trace pod " + ksvctest.Pod + " first seen 200ms later",
		},
		{
			name: "a span names one of two pods",
			play: func(p *played) {
				p.atZero()
				p.birth("u1")
				p.play(10300*ms, watch.Added, ksvctest.NewPod("u2", second))
				p.ObserveSpan(queueSpan(other))
			},
			cold: record.Proven, proof: record.ProofTrace, uid: "u2", reason: "by its trace pod " + other,
		},
		{
			name: "where the route is split a span tells that it was this revision",
			play: func(p *played) {
				p.zero(time.Second)
				p.play(time.Second, watch.Added, routed(map[string]int64{ksvctest.Revision: 80, "h-1-00002": 20}))
				p.birth("u1")
				p.ObserveSpan(queueSpan(ksvctest.Pod))
			},
			cold: record.Proven, proof: record.ProofTrace, uid: "u1",
		},
		{
			name: "a span of a pod that existed",
			play: func(p *played) {
				p.atZero()
				p.play(9*time.Second, watch.Added, ksvctest.NewPod("u1", ksvctest.Ready))
				p.ObserveSpan(queueSpan(ksvctest.Pod))
			},
			cold: record.Warm, proof: record.ProofTrace, uid: "u1", reason: "which existed when it was sent",
		},
		{
			name: "a span of a pod that the watch did not see",
			play: func(p *played) { p.atZero(); p.birth("u1"); p.ObserveSpan(queueSpan("elsewhere")) },
			cold: record.Unknown, proof: record.ProofTrace, reason: "answered by pod elsewhere, which the watch did not see",
		},
		{
			name: "a span of another trace says nothing",
			play: func(p *played) {
				p.atZero()
				p.birth("u1")
				p.ObserveSpan(spanOf("0103", record.QueueProxy, other))
			},
			cold: record.Proven, proof: record.ProofExclusion, uid: "u1",
		},
		{
			name: "the activator's span says nothing",
			play: func(p *played) { p.atZero(); p.birth("u1"); p.ObserveSpan(spanOf(trace, "activator", "activator-1")) },
			cold: record.Proven, proof: record.ProofExclusion, uid: "u1",
		},
		{
			name: "spans of two pods",
			play: func(p *played) {
				p.atZero()
				p.birth("u1")
				p.play(10300*ms, watch.Added, ksvctest.NewPod("u2", second))
				p.ObserveSpan(queueSpan(ksvctest.Pod))
				p.ObserveSpan(queueSpan(other))
			},
			cold: record.Proven, proof: record.ProofExclusion, reason: "one of 2 pods",
		},
		{
			name:   "the answer is stronger than a span",
			play:   func(p *played) { p.atZero(); p.birth("u1"); p.ObserveSpan(queueSpan(other)) },
			change: func(s *record.Sample) { s.Function = &record.Function{Pod: ksvctest.Pod, Requests: 1} },
			cold:   record.Proven, proof: record.ProofAnswer, uid: "u1",
		},
		{
			name: "woken too soon",
			play: func(p *played) {
				p.atZero()
				p.play(10002*ms, watch.Modified, ksvctest.NewDeployment(1))
				p.birth("u1")
				p.ObserveSpan(queueSpan(ksvctest.Pod))
			},
			cold: record.Unknown, proof: record.ProofTrace, uid: "u1", reason: "too soon",
		},
		{
			name:   "a failure that was traced to a new pod",
			play:   func(p *played) { p.atZero(); p.birth("u1"); p.ObserveSpan(queueSpan(ksvctest.Pod)) },
			change: func(s *record.Sample) { s.Outcome, s.Status = record.HTTP, 500 },
			cold:   record.Proven, proof: record.ProofTrace, uid: "u1",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlayed(t, options{catchUp: ms, spanDelay: ms})
			test.play(p)
			s := silent()
			s.TraceID = trace
			if test.change != nil {
				test.change(&s)
			}
			if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
				t.Fatal(err)
			}
			if s.Cold != test.cold || s.Proof != test.proof || !strings.Contains(s.ColdReason, test.reason) {
				t.Errorf("cold = %s by %q: %q, want %s by %q: %q", s.Cold, s.Proof, s.ColdReason, test.cold, test.proof, test.reason)
			}
			uid := ""
			if s.Instance != nil {
				uid = s.Instance.UID
			}
			if uid != test.uid {
				t.Errorf("instance UID = %q, want %q", uid, test.uid)
			}
		})
	}
}

// A span arrives seconds after the answer.
func TestProveWaitsForTheSpan(t *testing.T) {
	for name, test := range map[string]struct {
		after time.Duration
		want  record.Proof
	}{
		"late":     {6 * time.Second, record.ProofTrace},
		"too late": {8 * time.Second, record.ProofExclusion},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlayed(t, options{})
				p.atZero()
				p.birth("u1")
				time.Sleep(11001 * ms)
				s := silent()
				s.TraceID = trace
				result := inBackground(func() error { return p.Prove(t.Context(), ksvctest.Target, &s) })
				if _, done := result(); done {
					t.Fatal("Prove did not wait for the span")
				}
				time.Sleep(test.after)
				p.ObserveSpan(queueSpan(ksvctest.Pod))
				if err, done := result(); !done || err != nil {
					t.Fatalf("Prove = %v, done %v", err, done)
				}
				if s.Cold != record.Proven || s.Proof != test.want {
					t.Errorf("cold = %s by %q, want by %q", s.Cold, s.Proof, test.want)
				}
			})
		})
	}
}

// An answer that names its pod needs no span.
func TestProveDoesNotWaitForASpanThatItDoesNotNeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t, options{})
		p.atZero()
		p.birth("u1")
		time.Sleep(11001 * ms)
		before := time.Now()
		s := answered(ksvctest.Pod, 1)
		s.TraceID = trace
		if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(before); waited != 0 || s.Proof != record.ProofAnswer {
			t.Errorf("waited %v, proof %q", waited, s.Proof)
		}
	})
}

func TestTracesAreForgotten(t *testing.T) {
	var all traced
	for i := range pastTraces + 1 {
		all.keep(fmt.Sprint(i), "p")
	}
	if len(all.pods) != pastTraces || all.pods["0"] != nil || all.pods["1"] == nil {
		t.Errorf("%d traces are remembered, the oldest too: %v", len(all.pods), all.pods["0"] != nil)
	}
}
