package watch

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// answered is a sample that was sent at 10 s and answered by a pod.
func answered(pod string, requests int64) record.Sample {
	return record.Sample{
		RuntimeClass: "runc", Sent: 10 * time.Second, FirstByte: 11 * time.Second, Done: 11*time.Second + ms, Outcome: record.OK,
		Function: &record.Function{Pod: pod, Requests: requests},
	}
}

func failed(o record.Outcome) record.Sample {
	return record.Sample{RuntimeClass: "runc", Sent: 10 * time.Second, Done: 12 * time.Second, Outcome: o}
}

func answeredWith(status int) record.Sample {
	s := failed(record.HTTP)
	s.Status = status
	return s
}

// birth plays a pod that is created, and becomes Ready, in answer to a request.
func (p *played) birth(uid string, options ...ksvctest.PodOption) {
	p.play(10100*ms, watch.Modified, ksvctest.NewDeployment(1))
	p.play(10200*ms, watch.Added, ksvctest.NewPod(uid, options...))
	p.play(10250*ms, watch.Modified, ksvctest.NewPod(uid, append(options, ksvctest.Scheduled)...))
	p.play(10900*ms, watch.Modified, ksvctest.NewPod(uid, append(options, ksvctest.Scheduled, ksvctest.Sandboxed, ksvctest.Ready)...))
}

func TestProve(t *testing.T) {
	old := ksvctest.Named("h-1-00001-deployment-abc-old")
	tests := []struct {
		name   string
		play   func(*played)
		sample record.Sample
		cold   record.Coldness
		reason string
		uid    string
	}{
		{
			name: "new pod", sample: answered(ksvctest.Pod, 1),
			play: func(p *played) { p.zero(time.Second); p.birth("u1") },
			cold: record.Proven, reason: "zero pods when it was sent; pod " + ksvctest.Pod + " first seen 200ms later", uid: "u1",
		},
		{
			name: "requests not known", sample: answered(ksvctest.Pod, 0),
			play: func(p *played) { p.zero(time.Second); p.birth("u1") },
			cold: record.Proven, reason: "zero pods", uid: "u1",
		},
		{
			name: "an older pod that is gone", sample: answered(ksvctest.Pod, 1),
			play: func(p *played) {
				p.zero(time.Second)
				p.play(2*time.Second, watch.Added, ksvctest.NewPod("u0", old))
				p.play(8*time.Second, watch.Deleted, ksvctest.NewPod("u0", old))
				p.birth("u1")
			},
			cold: record.Proven, reason: "zero pods", uid: "u1",
		},
		{
			name: "the answering pod existed", sample: answered(ksvctest.Pod, 1),
			play: func(p *played) {
				p.zero(time.Second)
				p.play(9*time.Second, watch.Added, ksvctest.NewPod("u1", ksvctest.Ready))
			},
			cold: record.Warm, reason: "existed when it was sent", uid: "u1",
		},
		{
			name: "an old pod was Terminating", sample: answered(ksvctest.Pod, 1),
			play: func(p *played) {
				p.zero(time.Second)
				p.play(2*time.Second, watch.Added, ksvctest.NewPod("u0", old, ksvctest.Ready))
				p.play(9*time.Second, watch.Modified, ksvctest.NewPod("u0", old, ksvctest.Terminating))
				p.birth("u1")
			},
			cold: record.Unknown, reason: "1 pods existed when it was sent, among them h-1-00001-deployment-abc-old (Terminating)", uid: "u1",
		},
		{
			name: "the process had served before", sample: answered(ksvctest.Pod, 3),
			play: func(p *played) { p.zero(time.Second); p.birth("u1") },
			cold: record.Warm, reason: "had served 2 requests before", uid: "u1",
		},
		{
			name: "a pod that the watch did not see", sample: answered("elsewhere", 1),
			play: func(p *played) { p.zero(time.Second) },
			cold: record.Unknown, reason: "answered by pod elsewhere, which the watch did not see",
		},
		{
			name: "sent in a gap", sample: answered(ksvctest.Pod, 1),
			play: func(p *played) {
				p.zero(time.Second)
				p.Down(feed.Pods, 9*time.Second, errBroken)
				p.Up(feed.Pods, 10500*ms)
				p.birth("u1")
			},
			cold: record.Unknown, reason: "sent while the watch of pods was down from 9s to 10.5s", uid: "u1",
		},
		{
			name: "a gap after it was sent", sample: answered(ksvctest.Pod, 1),
			play: func(p *played) {
				p.zero(time.Second)
				p.Down(feed.Pods, 10100*ms, errBroken)
				p.list(10900*ms, 10100*ms, feed.Pods, ksvctest.NewPod("u1", ksvctest.Scheduled, ksvctest.Ready))
				p.Up(feed.Pods, 10900*ms)
			},
			cold: record.Proven, reason: "zero pods", uid: "u1",
		},
		{
			name: "an event gap does not matter", sample: answered(ksvctest.Pod, 1),
			play: func(p *played) {
				p.zero(time.Second)
				p.Down(feed.Events, 9*time.Second, errBroken)
				p.birth("u1")
			},
			cold: record.Proven, reason: "zero pods", uid: "u1",
		},
		{
			name: "scaled up before it was sent", sample: answered(ksvctest.Pod, 1),
			play: func(p *played) {
				p.zero(time.Second)
				p.play(9*time.Second, watch.Modified, ksvctest.NewDeployment(1))
				p.birth("u1")
			},
			cold: record.Unknown, reason: "the deployment asked for 1 pods already when it was sent", uid: "u1",
		},
		{
			name: "never watched", sample: answered(ksvctest.Pod, 1), play: func(*played) {},
			cold: record.Unknown, reason: "the watch had not seen the revision's deployment",
		},
		{
			name: "timed out at zero", sample: failed(record.Timeout),
			play: func(p *played) { p.zero(time.Second); p.alive(11 * time.Second) },
			cold: record.Proven, reason: "zero pods when it was sent; not answered by an instance (timeout)",
		},
		{
			name: "timed out while all watches are silent", sample: failed(record.Timeout),
			play: func(p *played) { p.zero(time.Second); p.alive(9 * time.Second) },
			cold: record.Unknown, reason: "the watch of pods was silent since 9s, so that it may have been down when it was sent",
		},
		{
			name: "timed out while one watch is silent", sample: failed(record.Timeout),
			play: func(p *played) { p.zero(time.Second); p.Heard(feed.Pods, 11*time.Second) },
			cold: record.Unknown, reason: "the watch of deployments was silent since 1s",
		},
		{
			name: "answered wrongly by somebody", sample: answeredWith(404),
			play: func(p *played) { p.zero(time.Second); p.birth("u1") },
			cold: record.Proven, reason: "zero pods when it was sent; nothing names who gave the answer, which is not the right one (http)",
		},
		{
			name: "failed beside a Ready pod", sample: failed(record.HTTP),
			play: func(p *played) {
				p.zero(time.Second)
				p.play(9*time.Second, watch.Added, ksvctest.NewPod("u0", ksvctest.Ready))
			},
			cold: record.Warm, reason: "was Ready when it was sent",
		},
		{
			name: "failed beside a starting pod", sample: failed(record.Reset),
			play: func(p *played) { p.zero(time.Second); p.play(9*time.Second, watch.Added, ksvctest.NewPod("u0")) },
			cold: record.Unknown, reason: "(starting)",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlayed(t, options{catchUp: time.Millisecond})
			test.play(p)
			s := test.sample
			if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
				t.Fatal(err)
			}
			if s.Cold != test.cold || !strings.Contains(s.ColdReason, test.reason) {
				t.Errorf("cold = %s %q, want %s %q", s.Cold, s.ColdReason, test.cold, test.reason)
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

func TestColdnessOfAWrongInstanceIsThatOfTheState(t *testing.T) {
	p := newPlayed(t, options{catchUp: time.Millisecond})
	p.zero(time.Second)
	p.alive(11 * time.Second)
	s := answered("another-service", 1)
	s.Outcome = record.WrongInstance
	if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
		t.Fatal(err)
	}
	if s.Cold != record.Proven || s.Instance != nil {
		t.Errorf("cold = %s, instance %v, want proven and none", s.Cold, s.Instance)
	}
}

func TestProvePhases(t *testing.T) {
	p := newPlayed(t, options{catchUp: time.Millisecond})
	p.zero(time.Second)
	p.play(10100*ms, watch.Modified, ksvctest.NewDeployment(1))
	p.play(10150*ms, watch.Modified, ksvctest.NewAutoscaler(1, true))
	p.play(10190*ms, watch.Added, ksvctest.NewPodEvent("u1", corev1.EventTypeNormal, "Scheduled", "", "")) // before the pod itself
	p.play(10200*ms, watch.Added, ksvctest.NewPod("u1"))
	p.play(10250*ms, watch.Modified, ksvctest.NewPod("u1", ksvctest.Scheduled))
	p.play(10400*ms, watch.Added, ksvctest.NewPodEvent("u1", corev1.EventTypeNormal, "Pulled", "", "user-container"))
	p.play(10600*ms, watch.Added, ksvctest.NewPodEvent("u1", corev1.EventTypeNormal, "Started", "", "user-container"))
	p.play(10650*ms, watch.Added, ksvctest.NewPodEvent("u1", corev1.EventTypeNormal, "Started", "", "queue-proxy"))
	p.play(11050*ms, watch.Modified, ksvctest.NewPod("u1", ksvctest.Scheduled, ksvctest.Sandboxed, ksvctest.Ready)) // Ready is seen after the answer
	s := answered(ksvctest.Pod, 1)
	if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
		t.Fatal(err)
	}
	want := []record.Phase{
		{Name: record.PhaseRequested, At: 10 * time.Second, Clock: record.ClockClient, Resolution: 1, Source: "request issued"},
		{Name: record.PhaseScaled, At: 10100 * ms, Clock: record.ClockWatch, Resolution: ms, Source: "deployment spec.replicas"},
		{Name: record.PhasePodCreated, At: 10200 * ms, Clock: record.ClockWatch, Resolution: ms, Source: "pod added"},
		{Name: record.PhasePodScheduled, At: 10190 * ms, Clock: record.ClockWatch, Resolution: ms, Source: "event Scheduled"},
		{Name: record.PhaseSandboxReady, At: 10400 * ms, Clock: record.ClockWatch, Resolution: ms, Source: "event Pulled"},
		{Name: record.PhaseContainersStarted, At: 10600 * ms, Clock: record.ClockWatch, Resolution: ms, Source: "event Started"},
		{Name: record.PhaseReady, At: 11050 * ms, Clock: record.ClockWatch, Resolution: ms, Source: "pod condition Ready"},
		{Name: record.PhaseFirstByte, At: 11 * time.Second, Clock: record.ClockClient, Resolution: 1, Source: "first byte of the response"},
		{Name: record.PhaseDone, At: 11001 * ms, Clock: record.ClockClient, Resolution: 1, Source: "body read, or given up"},
	}
	if diff := cmp.Diff(want, s.Phases); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
}

func TestProveUsesFunctionClockWhereItIsTighter(t *testing.T) {
	tests := []struct {
		name   string
		offset record.ClockOffset
		clock  string
		at     time.Duration
	}{
		{"good estimate", record.ClockOffset{Offset: time.Hour, Uncertainty: ms}, record.ClockFunction, 10500 * ms},
		{"poor estimate", record.ClockOffset{Offset: time.Hour, Uncertainty: 300 * ms}, record.ClockWatch, 10700 * ms},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlayed(t, options{catchUp: time.Millisecond})
			p.zero(time.Second)
			p.play(10200*ms, watch.Added, ksvctest.NewPod("u1"))
			p.play(10700*ms, watch.Modified, ksvctest.NewPod("u1", ksvctest.Scheduled, ksvctest.Running))
			p.play(10900*ms, watch.Modified, ksvctest.NewPod("u1", ksvctest.Scheduled, ksvctest.Ready))
			s := answered(ksvctest.Pod, 1)
			s.ClockOffset = &test.offset
			s.Function.ProcessStarted = p.clock.Start().Add(time.Hour + 10500*ms).UnixNano()
			s.Function.ProcessStartedResolution = int64(10 * ms)
			if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
				t.Fatal(err)
			}
			got, _ := tightest(s.Phases, record.PhaseContainersStarted)
			if off := got.At - test.at; got.Clock != test.clock || off.Abs() > time.Microsecond {
				t.Errorf("containersStarted = %v by %s, want %v by %s", got.At, got.Clock, test.at, test.clock)
			}
		})
	}
}

func TestPhasesAfterAGapUseTheAPIsTimestamps(t *testing.T) {
	p := newPlayed(t, options{catchUp: time.Millisecond})
	p.zero(time.Second)
	p.Down(feed.Pods, 10100*ms, errBroken)
	created := ksvctest.NewPod("u1", ksvctest.Scheduled, ksvctest.Ready)
	created.CreationTimestamp = metav1.NewTime(p.clock.Start().Add(10 * time.Second).Truncate(time.Second))
	p.list(15*time.Second, 10100*ms, feed.Pods, created)
	p.Up(feed.Pods, 15*time.Second)
	s := answered(ksvctest.Pod, 1)
	if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
		t.Fatal(err)
	}
	got, _ := tightest(s.Phases, record.PhasePodCreated)
	if got.Clock != record.ClockAPI || got.Resolution != time.Second {
		t.Errorf("podCreated by %s ± %v, want api ± 1s", got.Clock, got.Resolution)
	}
	late, _ := tightest(s.Phases, record.PhaseReady) // the condition has no timestamp
	if late.Clock != record.ClockWatch || late.Resolution != 4900*ms {
		t.Errorf("ready by %s ± %v, want watch ± 4.9s", late.Clock, late.Resolution)
	}
}

func TestProveSaysWhyAFailedRequestGotNoInstance(t *testing.T) {
	p := newPlayed(t, options{catchUp: time.Millisecond})
	p.zero(time.Second)
	p.play(10100*ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Scheduled, ksvctest.Container(corev1.ContainerStatus{
		Name: "user-container", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "no such image"}},
	})))
	s := failed(record.Timeout)
	if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
		t.Fatal(err)
	}
	want := "pod " + ksvctest.Pod + ": container user-container: ImagePullBackOff: no such image"
	if s.Error != want {
		t.Errorf("error = %q, want %q", s.Error, want)
	}
	if got, _ := tightest(s.Phases, record.PhasePodScheduled); got.At != 10100*ms {
		t.Errorf("podScheduled at %v, want 10.1s: how far the unanswered start came", got.At)
	}
}

func TestHostnameOfALongPodName(t *testing.T) {
	long := strings.Repeat("a", 60) + "---bcdef"
	p := &pod{name: long}
	if !p.hasHostname(strings.Repeat("a", 60)) || p.hasHostname("a") {
		t.Error("hostname of a long pod name is not recognised")
	}
}
