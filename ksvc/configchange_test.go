package ksvc

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func (f *fakes) observability(t *testing.T) *corev1.ConfigMap {
	t.Helper()
	m, err := f.kube.CoreV1().ConfigMaps(systemNamespace).Get(t.Context(), observabilityConfig, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestConfigChange(t *testing.T) {
	before := map[string]string{"tracing-protocol": "none", "metrics-protocol": "prometheus"}
	f := newFakes(newConfigMap(observabilityConfig, before))
	change := f.TracingChange("http/protobuf", "http://10.0.0.1:4318/v1/traces", 1)
	if err := change.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"tracing-protocol": "http/protobuf", "tracing-endpoint": "http://10.0.0.1:4318/v1/traces",
		"tracing-sampling-rate": "1", "metrics-protocol": "prometheus",
	}
	if diff := cmp.Diff(want, f.observability(t).Data); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
	var noted map[string]*string
	if err := json.Unmarshal([]byte(f.observability(t).Annotations[annotationPrevious]), &noted); err != nil {
		t.Fatal(err)
	}
	none := "none"
	if diff := cmp.Diff(map[string]*string{"tracing-protocol": &none, "tracing-endpoint": nil, "tracing-sampling-rate": nil}, noted); diff != "" {
		t.Errorf("noted (-want +got):\n%s", diff)
	}

	// A second run that is killed before it restores keeps the first note.
	if err := f.TracingChange("grpc", "10.0.0.2:4317", 0.5).Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	restored, err := f.RestoreConfig(t.Context())
	if err != nil || !restored {
		t.Fatalf("RestoreConfig = %v, %v, want true", restored, err)
	}
	m := f.observability(t)
	if diff := cmp.Diff(before, m.Data); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	if _, left := m.Annotations[annotationPrevious]; left {
		t.Error("the note is still there")
	}
	if restored, err := f.RestoreConfig(t.Context()); err != nil || restored {
		t.Errorf("RestoreConfig again = %v, %v, want nothing to do", restored, err)
	}
	if err := change.Restore(t.Context()); err != nil {
		t.Errorf("Restore again = %v, want nil", err)
	}
}

func TestConfigChangeTriesAgainAfterAConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes(newConfigMap(observabilityConfig, nil))
		refuse(&f.kube.Fake, "patch", "configmaps", apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, observabilityConfig, nil))
		if err := f.TracingChange("grpc", "h:1", 1).Apply(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := f.observability(t).Data["tracing-protocol"]; got != "grpc" {
			t.Errorf("tracing-protocol = %q, want grpc", got)
		}
	})
}

func TestConfigChangeWithoutPermission(t *testing.T) {
	f := newFakes(newConfigMap(observabilityConfig, nil))
	refuse(&f.kube.Fake, "patch", "configmaps", apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, observabilityConfig, nil))
	err := f.TracingChange("grpc", "h:1", 1).Apply(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "change ConfigMap knative-serving/config-observability: ") {
		t.Errorf("Apply = %v", err)
	}
}

func TestRestartActivator(t *testing.T) {
	one := int32(1)
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: activator, Namespace: systemNamespace}}
	d.Spec.Replicas = &one
	d.Status = appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}
	f := newFakes(d)
	if err := f.RestartActivator(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := f.kube.AppsV1().Deployments(systemNamespace).Get(t.Context(), activator, metav1.GetOptions{})
	if err != nil || got.Spec.Template.Annotations[annotationRestarted] == "" {
		t.Errorf("the activator's pods were not replaced: %v, %v", got.Spec.Template.Annotations, err)
	}
}
