package watch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// ended gives a pod the phase of one that ended.
func ended(phase corev1.PodPhase, reason string) ksvctest.PodOption {
	return func(p *corev1.Pod) { p.Status.Phase, p.Status.Reason = phase, reason }
}

// A pod that ended for good stays in the API and keeps no service from being at zero.
func TestAFinishedPodIsNone(t *testing.T) {
	tests := []struct {
		name    string
		options []ksvctest.PodOption
		zero    bool
	}{
		{"refused by its node", []ksvctest.PodOption{ended(corev1.PodFailed, "OutOfcpu")}, true},
		{"evicted", []ksvctest.PodOption{ksvctest.Scheduled, ended(corev1.PodFailed, "Evicted")}, true},
		{"succeeded", []ksvctest.PodOption{ksvctest.Scheduled, ended(corev1.PodSucceeded, "")}, true},
		{"running", []ksvctest.PodOption{ksvctest.Scheduled, ksvctest.Ready}, false},
		{"ended while it is being deleted", []ksvctest.PodOption{ksvctest.Scheduled, ended(corev1.PodSucceeded, ""), ksvctest.Terminating}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlayed(t, options{Patience: record.Patience{Zero: time.Second}})
				p.zero(ms)
				p.play(ms, watch.Added, ksvctest.NewPod("u1"))
				p.play(2*ms, watch.Modified, ksvctest.NewPod("u1", test.options...))
				time.Sleep(time.Second)
				if err := p.AwaitZero(t.Context(), ksvctest.Target); (err == nil) != test.zero {
					t.Errorf("AwaitZero = %v, want zero: %v", err, test.zero)
				}
				p.alive(11 * time.Second)
				s := failed(record.Timeout)
				if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
					t.Fatal(err)
				}
				if proven := s.Cold == record.Proven; proven != test.zero {
					t.Errorf("cold = %s (%s), want proven: %v", s.Cold, s.ColdReason, test.zero)
				}
			})
		})
	}
}

// Such a pod is counted and reported once, however often the API still tells of it.
func TestAFinishedPodIsReportedOnce(t *testing.T) {
	var told []string
	p := newPlayedTo(t, options{}, func(e record.Event) { told = append(told, string(e.Kind)+" "+e.UID) })
	evicted := ksvctest.NewPod("u0", ksvctest.Scheduled, ended(corev1.PodFailed, "Evicted"))
	p.play(1*ms, watch.Added, evicted)
	for i := range 2 * pastPods { // until its revision has forgotten it
		uid := string(rune('a' + i))
		p.play(2*ms, watch.Added, ksvctest.NewPod(uid))
		p.play(2*ms, watch.Deleted, ksvctest.NewPod(uid))
	}
	p.play(3*ms, watch.Modified, evicted)
	p.list(9*ms, 8*ms, feed.Pods, evicted)
	p.play(10*ms, watch.Deleted, evicted)
	if want := (record.InstanceCount{Spawned: 1 + 2*pastPods}); p.Instances(record.Key{}) != want {
		t.Errorf("instances %+v, want %+v", p.Instances(record.Key{}), want)
	}
	p.Stop()
	var about []string
	for _, line := range told {
		if line[len(line)-3:] == " u0" {
			about = append(about, line)
		}
	}
	want := []string{"instanceCreated u0", "instanceScheduled u0", "instanceTrouble u0", "instanceGone u0"}
	if diff := cmp.Diff(want, about); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(p.finished) != 0 {
		t.Errorf("%d finished pods are remembered although they are gone", len(p.finished))
	}
}
