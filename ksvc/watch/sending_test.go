package watch

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/watch"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// Of a request that a worker sent at 10 s ± 30 ms, what happened within these 30 ms is shown to
// be neither before it nor after it. Without the doubt it is one or the other.
func TestWhatLiesWithinTheDoubtIsNotProven(t *testing.T) {
	const doubt = 30 * ms
	counting, connectedLate := answered(ksvctest.Pod, 1), silent()
	connectedLate.Connected = 10100 * ms
	scaledAt := func(at time.Duration) func(*played) {
		return func(p *played) {
			p.atZero()
			p.play(at, watch.Modified, ksvctest.NewDeployment(1))
			p.birth("u1", ksvctest.Scheduled)
		}
	}
	tests := []struct {
		name         string
		sample       record.Sample
		play         func(*played)
		sure, unsure record.Coldness
		reason       string // with the doubt
	}{
		{
			name: "long before and long after", sample: silent(), play: scaledAt(10050 * ms),
			sure: record.Proven, unsure: record.Proven, reason: "zero pods when it was sent",
		},
		{
			name: "a pod a moment before", sample: counting,
			play: func(p *played) {
				p.zero(time.Second)
				p.play(9980*ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Ready))
			},
			sure: record.Warm, unsure: record.Unknown,
			reason: "when it was sent is known to ±30ms only, and within that time pod " + ksvctest.Pod + " was first seen: it is not certain which came first",
		},
		{
			name: "a pod long before", sample: counting,
			play: func(p *played) {
				p.zero(time.Second)
				p.play(9900*ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Ready))
			},
			sure: record.Warm, unsure: record.Warm, reason: "which existed when it was sent",
		},
		{
			name: "a pod that became Ready a moment before", sample: failed(record.HTTP),
			play: func(p *played) {
				p.zero(time.Second)
				p.play(9*time.Second, watch.Added, ksvctest.NewPod("u1"))
				p.play(9980*ms, watch.Modified, ksvctest.NewPod("u1", ksvctest.Ready))
			},
			sure: record.Warm, unsure: record.Unknown, reason: "within that time pod " + ksvctest.Pod + " became Ready",
		},
		{
			name: "an old pod that went a moment before", sample: counting,
			play: func(p *played) {
				p.zero(time.Second)
				old := ksvctest.NewPod("u0", ksvctest.Named("old"))
				p.play(2*time.Second, watch.Added, old)
				p.play(9980*ms, watch.Deleted, old)
				p.birth("u1")
			},
			sure: record.Proven, unsure: record.Unknown, reason: "within that time pod old went",
		},
		{
			name: "scaled up a moment after", sample: counting, play: scaledAt(10020 * ms),
			sure: record.Proven, unsure: record.Unknown, reason: "within that time the deployment was set to 1 pods",
		},
		{
			name: "scaled down a moment before", sample: counting,
			play: func(p *played) {
				p.zero(time.Second)
				p.play(9*time.Second, watch.Modified, ksvctest.NewDeployment(1))
				p.play(9990*ms, watch.Modified, ksvctest.NewDeployment(0))
				p.birth("u1")
			},
			sure: record.Proven, unsure: record.Unknown, reason: "within that time the deployment was set to 0 pods",
		},
		{
			name: "scaled up maybe too soon", sample: silent(), play: scaledAt(10032 * ms),
			sure: record.Proven, unsure: record.Unknown,
			reason: "the deployment was scaled up 32ms after it was sent, which is known to ±30ms only: that may be too soon for this request to be the cause",
		},
		{
			name: "scaled up too soon for certain", sample: connectedLate, play: scaledAt(10050 * ms),
			sure: record.Unknown, unsure: record.Unknown, reason: "too soon for this request to be the cause: another one woke the service",
		},
		{
			name: "a gap a moment after", sample: counting,
			play: func(p *played) {
				p.zero(time.Second)
				p.Down(feed.Pods, 10020*ms, errBroken)
				p.Up(feed.Pods, 10050*ms)
				p.birth("u1")
			},
			sure: record.Proven, unsure: record.Unknown, reason: "maybe sent while the watch of pods was down from 10.02s to 10.05s",
		},
		{
			name: "a sign of life a moment after", sample: failed(record.Timeout),
			play: func(p *played) { p.zero(time.Second); p.alive(10020 * ms) },
			sure: record.Proven, unsure: record.Unknown, reason: "the watch of pods was silent since 10.02s",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlayed(t, options{catchUp: time.Millisecond})
			test.play(p)
			for uncertain, want := range map[time.Duration]record.Coldness{0: test.sure, doubt: test.unsure} {
				s := test.sample
				s.ClockUncertainty = uncertain
				if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
					t.Fatal(err)
				}
				if s.Cold != want || uncertain > 0 && !strings.Contains(s.ColdReason, test.reason) {
					t.Errorf("±%v: %s %q, want %s %q", uncertain, s.Cold, s.ColdReason, want, test.reason)
				}
			}
		})
	}
}

// A pod that may have been seen before the answer was complete may have given it.
func TestTheDoubtIsAboutTheAnswerToo(t *testing.T) {
	p := newPlayed(t, options{catchUp: time.Millisecond})
	p.atZero()
	p.birth("u1")
	p.play(11001*ms+sightMargin+20*ms, watch.Added, ksvctest.NewPod("u2", second))
	for uncertain, want := range map[time.Duration]string{0: "only pod", 30 * ms: "one of 2 pods"} {
		s := silent()
		s.ClockUncertainty = uncertain
		if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil || !strings.Contains(s.ColdReason, want) {
			t.Errorf("±%v: %q, %v, want %q", uncertain, s.ColdReason, err, want)
		}
	}
}

// The client's phases are as uncertain as its clock.
func TestPhasesOfAnotherClock(t *testing.T) {
	p := newPlayed(t, options{catchUp: time.Millisecond})
	p.zero(time.Second)
	p.birth("u1")
	s := answered(ksvctest.Pod, 1)
	s.ClockUncertainty = 30 * ms
	if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
		t.Fatal(err)
	}
	for _, phase := range s.Phases {
		want := watchResolution
		if phase.Clock == record.ClockClient {
			want = 30*ms + 1
		}
		if phase.Resolution != want {
			t.Errorf("%s has resolution %v, want %v", phase.Name, phase.Resolution, want)
		}
	}
}
