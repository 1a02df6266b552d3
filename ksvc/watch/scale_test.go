package watch

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	autoscaling "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// ofRevision is what the parts of the service carry.
func ofRevision() metav1.ObjectMeta {
	pod := ksvctest.NewPod("u1")
	return metav1.ObjectMeta{Name: ksvctest.Target.Revision, Namespace: ksvctest.Space, Labels: pod.Labels}
}

// Each change of the scale is told once, and what the autoscaler says before it knows
// anything is no scale.
func TestScaleIsTold(t *testing.T) {
	var told []string
	p := newPlayedTo(t, options{}, func(e record.Event) {
		told = append(told, fmt.Sprint(e.At, " ", e.Kind, " ", e.RuntimeClass, " ", e.Service, " ", e.Value))
	})
	wants := func(at time.Duration, n int32) {
		p.play(at, watch.Modified, &autoscaling.PodAutoscaler{ObjectMeta: ofRevision(), Status: autoscaling.PodAutoscalerStatus{DesiredScale: &n}})
	}
	asks := func(at time.Duration, n int32) {
		p.play(at, watch.Modified, &appsv1.Deployment{ObjectMeta: ofRevision(), Spec: appsv1.DeploymentSpec{Replicas: &n}})
	}
	wants(1*ms, -1)
	asks(2*ms, 0)
	wants(3*ms, 4)
	wants(4*ms, 4)
	asks(5*ms, 4)
	wants(6*ms, 0)
	p.Stop()
	of := " runc " + ksvctest.Service + " "
	want := []string{
		"2ms scaleRequested" + of + "0", "3ms scaleWanted" + of + "4", "5ms scaleRequested" + of + "4", "6ms scaleWanted" + of + "0",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestAwaitInstances(t *testing.T) {
	p := newPlayed(t, options{Patience: record.Patience{Ready: 50 * time.Millisecond}})
	p.play(1*ms, watch.Added, ksvctest.NewService(corev1.ConditionTrue, "", ""))
	p.play(2*ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Ready))
	p.play(3*ms, watch.Added, ksvctest.NewPod("u2"))
	_, err := p.AwaitInstances(t.Context(), ksvctest.Service, 2)
	if err == nil || !strings.Contains(err.Error(), "to have 2 instances that are Ready") || !strings.Contains(err.Error(), "1 are") {
		t.Errorf("with one that is Ready: %v", err)
	}
	p.play(4*ms, watch.Modified, ksvctest.NewPod("u2", ksvctest.Ready))
	got, err := p.AwaitInstances(context.Background(), ksvctest.Service, 2)
	if err != nil || got.Revision != ksvctest.Target.Revision || got.Service != ksvctest.Service {
		t.Errorf("with two: %+v, %v", got, err)
	}
}

// A pod that is being deleted gets no more requests, although its condition is still Ready.
func TestATerminatingPodIsNotReady(t *testing.T) {
	var told []record.Kind
	p := newPlayedTo(t, options{}, func(e record.Event) { told = append(told, e.Kind) })
	p.play(1*ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Ready))
	before := p.Instances(record.Key{}).Ready
	p.play(2*ms, watch.Modified, ksvctest.NewPod("u1", ksvctest.Ready, ksvctest.Terminating))
	after := p.Instances(record.Key{})
	p.Stop()
	if before != 1 || after.Ready != 0 || after.Alive != 1 || told[len(told)-1] != record.EventInstanceUnready {
		t.Errorf("%d Ready before, then %+v; told %v", before, after, told)
	}
}
