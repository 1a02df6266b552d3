package watch

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// silent is a sample that was sent at 10 s, connected 1 ms later, and answered by a
// function that says nothing of itself.
func silent() record.Sample {
	return record.Sample{
		RuntimeClass: "runc", Sent: 10 * time.Second, Connected: 10001 * ms, FirstByte: 11 * time.Second, Done: 11001 * ms,
		Outcome: record.OK, Status: 200,
	}
}

// routed is the one service, with percentages by revision.
func routed(shares map[string]int64) *servingv1.Service {
	s := ksvctest.NewService(corev1.ConditionTrue, "", "")
	for name, share := range shares {
		s.Status.Traffic = append(s.Status.Traffic, servingv1.TrafficTarget{RevisionName: name, Percent: &share})
	}
	return s
}

// atZero plays a service at zero whose requests all go to its one revision.
func (p *played) atZero() {
	p.t.Helper()
	p.zero(time.Second)
	p.play(time.Second, watch.Added, routed(map[string]int64{ksvctest.Revision: 100}))
}

func second(p *corev1.Pod) { p.Name = "h-1-00001-deployment-abc-y" }

func TestProveByExclusion(t *testing.T) {
	ready := []ksvctest.PodOption{ksvctest.Scheduled, ksvctest.Ready}
	tests := []struct {
		name   string
		play   func(*played)
		sample record.Sample // silent if it is not set
		cold   record.Coldness
		reason string
		uid    string // of the instance that is named
	}{
		{
			name: "one new pod",
			play: func(p *played) { p.atZero(); p.birth("u1") },
			cold: record.Proven, uid: "u1",
			reason: "zero pods when it was sent; only pod " + ksvctest.Pod + " first seen 200ms later can have answered",
		},
		{
			name: "two new pods",
			play: func(p *played) {
				p.atZero()
				p.birth("u1")
				p.play(10300*ms, watch.Added, ksvctest.NewPod("u2", second))
			},
			cold: record.Proven, reason: "zero pods when it was sent; one of 2 pods answered that were first seen later",
		},
		{
			name: "a second pod that may have been there before the answer was complete",
			play: func(p *played) {
				p.atZero()
				p.birth("u1")
				p.play(11100*ms, watch.Added, ksvctest.NewPod("u2", second))
			},
			cold: record.Proven, reason: "one of 2 pods",
		},
		{
			name: "a second pod long after the answer",
			play: func(p *played) {
				p.atZero()
				p.birth("u1")
				p.play(12*time.Second, watch.Added, ksvctest.NewPod("u2", second))
			},
			cold: record.Proven, reason: "only pod " + ksvctest.Pod, uid: "u1",
		},
		{
			name: "a pod that is seen after the answer",
			play: func(p *played) {
				p.atZero()
				p.play(11500*ms, watch.Modified, ksvctest.NewDeployment(1))
				p.play(11600*ms, watch.Added, ksvctest.NewPod("u1", ready...))
			},
			cold: record.Proven, reason: "first seen 1.6s later can have answered", uid: "u1",
		},
		{
			name: "no pod is seen",
			play: func(p *played) { p.atZero() },
			cold: record.Unknown, reason: "it was answered, but the watch saw no pod of the revision",
		},
		{
			name: "the watch of deployments is silent",
			play: func(p *played) { p.atZero(); p.play(10200*ms, watch.Added, ksvctest.NewPod("u1", ready...)) },
			cold: record.Unknown, reason: "the watch of deployments was silent since 1s",
		},
		{
			name: "a gap when it was sent",
			play: func(p *played) {
				p.atZero()
				p.Down(feed.Pods, 9900*ms, errBroken)
				p.Up(feed.Pods, 10050*ms)
				p.birth("u1")
			},
			cold: record.Unknown, reason: "sent while the watch of pods was down from 9.9s to 10.05s",
		},
		{
			name: "a gap of the pods in the middle",
			play: func(p *played) {
				p.atZero()
				p.birth("u1")
				p.Down(feed.Pods, 10300*ms, errBroken)
				p.Up(feed.Pods, 10800*ms)
			},
			cold: record.Unknown, reason: "nothing names the pod that answered, and until the answer the watch of pods was down from 10.3s to 10.8s",
		},
		{
			name: "a gap of the deployments in the middle",
			play: func(p *played) {
				p.atZero()
				p.birth("u1")
				p.Down(feed.Deployments, 10300*ms, errBroken)
				p.Up(feed.Deployments, 10800*ms)
			},
			cold: record.Unknown, reason: "until the answer the watch of deployments was down",
		},
		{
			name: "a gap of the services that still lasts",
			play: func(p *played) { p.atZero(); p.birth("u1"); p.Down(feed.Services, 10300*ms, errBroken) },
			cold: record.Unknown, reason: "until the answer the watch of services.serving.knative.dev is down since 10.3s",
		},
		{
			name: "a gap after the answer",
			play: func(p *played) { p.atZero(); p.birth("u1"); p.Down(feed.Pods, 11500*ms, errBroken) },
			cold: record.Proven, reason: "only pod", uid: "u1",
		},
		{
			name: "another pod was Ready",
			play: func(p *played) {
				p.atZero()
				p.play(9*time.Second, watch.Added, ksvctest.NewPod("u0", append(ready, second)...))
				p.birth("u1")
			},
			cold: record.Unknown, reason: "pod h-1-00001-deployment-abc-y was Ready when it was sent, and nothing names the pod that answered",
		},
		{
			name: "another pod was Terminating",
			play: func(p *played) {
				p.atZero()
				p.play(9*time.Second, watch.Added, ksvctest.NewPod("u0", second, ksvctest.Terminating))
				p.birth("u1")
			},
			cold: record.Unknown, reason: "(Terminating)",
		},
		{
			name: "a second client woke the service a second before",
			play: func(p *played) {
				p.atZero()
				p.play(9100*ms, watch.Modified, ksvctest.NewDeployment(1))
				p.birth("u1")
			},
			cold: record.Unknown, reason: "the deployment asked for 1 pods already when it was sent",
		},
		{
			name: "a second client woke it shortly before, which is seen before the request had left",
			play: func(p *played) {
				p.atZero()
				p.play(10000*ms+500*time.Microsecond, watch.Modified, ksvctest.NewDeployment(1))
				p.birth("u1")
			},
			cold: record.Unknown, reason: "the deployment was scaled up 500µs after it was sent, too soon for this request to be the cause",
		},
		{
			name: "a second client woke it 1 ms before, which is seen too soon",
			play: func(p *played) {
				p.atZero()
				p.play(10002*ms, watch.Modified, ksvctest.NewDeployment(1))
				p.birth("u1")
			},
			cold: record.Unknown, reason: "the deployment was scaled up 2ms after it was sent, too soon",
		},
		{
			name: "a pod is seen too soon, before its deployment's scale",
			play: func(p *played) {
				p.atZero()
				p.play(10002*ms, watch.Added, ksvctest.NewPod("u1"))
				p.birth("u1")
			},
			cold: record.Unknown, reason: "pod " + ksvctest.Pod + " was seen 2ms after it was sent, too soon",
		},
		{
			// This is what exclusion cannot see: the delay of the watch, here 101 ms, bounds
			// by how much the latency is too short.
			name: "a second client woke it 1 ms before, which is seen as late as if this request had done so",
			play: func(p *played) { p.atZero(); p.birth("u1") },
			cold: record.Proven, reason: "only pod", uid: "u1",
		},
		{
			name: "split traffic",
			play: func(p *played) {
				p.zero(time.Second)
				p.play(time.Second, watch.Added, routed(map[string]int64{ksvctest.Revision: 80, "h-1-00002": 20}))
				p.birth("u1")
			},
			cold: record.Unknown, reason: "the route sends 20 % of requests to revision h-1-00002, not all to " + ksvctest.Revision,
		},
		{
			name: "all traffic to another revision",
			play: func(p *played) {
				p.zero(time.Second)
				p.play(time.Second, watch.Added, routed(map[string]int64{"h-1-00002": 100}))
				p.birth("u1")
			},
			cold: record.Unknown, reason: "the route sends 100 % of requests to revision h-1-00002",
		},
		{
			name: "a tag without a share",
			play: func(p *played) {
				p.zero(time.Second)
				p.play(time.Second, watch.Added, routed(map[string]int64{ksvctest.Revision: 100, "h-1-00002": 0}))
				p.birth("u1")
			},
			cold: record.Proven, reason: "only pod", uid: "u1",
		},
		{
			name: "the route changes before the answer",
			play: func(p *played) {
				p.atZero()
				p.birth("u1")
				p.play(10500*ms, watch.Modified, routed(map[string]int64{ksvctest.Revision: 50, "h-1-00002": 50}))
			},
			cold: record.Unknown, reason: "50 % of requests to revision h-1-00002",
		},
		{
			name: "the route was split before it was sent, and is after the answer",
			play: func(p *played) {
				p.atZero()
				split := routed(map[string]int64{ksvctest.Revision: 50, "h-1-00002": 50})
				p.play(2*time.Second, watch.Modified, split)
				p.play(3*time.Second, watch.Modified, routed(map[string]int64{ksvctest.Revision: 100}))
				p.birth("u1")
				p.play(12*time.Second, watch.Modified, split)
			},
			cold: record.Proven, reason: "only pod", uid: "u1",
		},
		{
			name: "the route was not seen",
			play: func(p *played) { p.zero(time.Second); p.birth("u1") },
			cold: record.Unknown, reason: "it was not seen where the route sent requests",
		},
		{
			name: "the route does not say",
			play: func(p *played) { p.zero(time.Second); p.play(time.Second, watch.Added, routed(nil)); p.birth("u1") },
			cold: record.Unknown, reason: "the route does not say which revision",
		},
		{
			name: "not answered at zero", sample: failed(record.Timeout),
			play: func(p *played) { p.atZero(); p.birth("u1") },
			cold: record.Proven, reason: "not answered by an instance (timeout)",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlayed(t, options{catchUp: ms, spanDelay: ms})
			test.play(p)
			s := test.sample
			if s.Outcome == "" {
				s = silent()
			}
			if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
				t.Fatal(err)
			}
			if s.Cold != test.cold || !strings.Contains(s.ColdReason, test.reason) {
				t.Errorf("cold = %s %q, want %s %q", s.Cold, s.ColdReason, test.cold, test.reason)
			}
			var want *record.Instance
			if test.uid != "" {
				want = &record.Instance{Pod: ksvctest.Pod, UID: test.uid, Node: "node-1"}
			}
			if diff := cmp.Diff(want, s.Instance); diff != "" {
				t.Errorf("instance (-want +got):\n%s", diff)
			}
			if proof := s.Proof == record.ProofExclusion; proof != (test.cold == record.Proven) || !proof && s.Proof != "" {
				t.Errorf("proof %q of a sample that is %s", s.Proof, s.Cold)
			}
		})
	}
}

// The phases of a pod are shown only if it is the one that answered.
func TestPhasesOfOneOfSeveralPods(t *testing.T) {
	for pods, want := range map[int][]record.PhaseName{
		1: {record.PhaseRequested, record.PhaseScaled, record.PhasePodCreated, record.PhasePodScheduled, record.PhaseSandboxReady,
			record.PhaseContainersStarted, record.PhaseReady, record.PhaseFirstByte, record.PhaseDone},
		2: {record.PhaseRequested, record.PhaseScaled, record.PhaseFirstByte, record.PhaseDone},
	} {
		p := newPlayed(t, options{catchUp: ms})
		p.atZero()
		p.birth("u1")
		if pods == 2 {
			p.play(10300*ms, watch.Added, ksvctest.NewPod("u2", second))
		}
		s := silent()
		if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
			t.Fatal(err)
		}
		var got []record.PhaseName
		for _, phase := range s.Phases {
			got = append(got, phase.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d pods: phases (-want +got):\n%s", pods, diff)
		}
	}
}

// Prove waits for what is not seen yet, and no longer.
func TestProveByExclusionWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t, options{})
		p.atZero()
		time.Sleep(11001 * ms)
		s := silent()
		result := inBackground(func() error { return p.Prove(t.Context(), ksvctest.Target, &s) })
		if _, done := result(); done {
			t.Fatal("Prove did not wait for the pod that answered")
		}
		time.Sleep(99 * ms)
		p.play(11100*ms, watch.Modified, ksvctest.NewDeployment(1))
		p.play(11100*ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Scheduled, ksvctest.Ready))
		if _, done := result(); done {
			t.Fatal("Prove did not wait for a pod that was created together with the first")
		}
		time.Sleep(sightMargin + ms)
		if err, done := result(); !done || err != nil {
			t.Fatalf("Prove = %v, done %v", err, done)
		}
		if s.Cold != record.Proven || s.Instance == nil {
			t.Errorf("cold = %s %q, instance %v", s.Cold, s.ColdReason, s.Instance)
		}
	})
}

func TestProveDoesNotWaitForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t, options{})
		p.atZero()
		p.play(9*time.Second, watch.Modified, ksvctest.NewDeployment(1))
		time.Sleep(11001 * ms)
		before := time.Now()
		s := silent()
		if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(before); waited != 0 || s.Cold != record.Unknown {
			t.Errorf("waited %v for a sample that is %s", waited, s.Cold)
		}
	})
}

// What a failed request set going is seen a moment later. Where nothing is seen, Prove does
// not wait for long.
func TestProveWaitsForASignOfLife(t *testing.T) {
	for name, want := range map[string]record.Coldness{"alive": record.Proven, "silent": record.Unknown} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlayed(t, options{})
				p.atZero()
				s := failed(record.Refused)
				time.Sleep(s.Done)
				result := inBackground(func() error { return p.Prove(t.Context(), ksvctest.Target, &s) })
				if _, done := result(); done {
					t.Fatal("Prove did not wait for a sign of life")
				}
				if want == record.Proven {
					time.Sleep(sightMargin / 2)
					p.alive(p.clock.Now())
				}
				time.Sleep(sightMargin + ms)
				if err, done := result(); !done || err != nil || s.Cold != want {
					t.Errorf("Prove = %v, done %v, cold = %s %q, want %s", err, done, s.Cold, s.ColdReason, want)
				}
			})
		})
	}
}
