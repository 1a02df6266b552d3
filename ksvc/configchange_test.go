package ksvc_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

func observability(t *testing.T, f *ksvctest.Fakes) *corev1.ConfigMap {
	t.Helper()
	m, err := f.Kube.CoreV1().ConfigMaps(ksvc.SystemNamespace).Get(t.Context(), ksvc.ObservabilityConfig, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestConfigChange(t *testing.T) {
	before := map[string]string{"tracing-protocol": "none", "metrics-protocol": "prometheus"}
	f := ksvctest.NewFakes(ksvctest.NewConfigMap(ksvc.ObservabilityConfig, before))
	change := f.TracingChange("http/protobuf", "http://10.0.0.1:4318/v1/traces", 1)
	if err := change.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"tracing-protocol": "http/protobuf", "tracing-endpoint": "http://10.0.0.1:4318/v1/traces",
		"tracing-sampling-rate": "1", "metrics-protocol": "prometheus",
	}
	if diff := cmp.Diff(want, observability(t, f).Data); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
	var noted map[string]*string
	if err := json.Unmarshal([]byte(observability(t, f).Annotations[ksvc.AnnotationPrevious]), &noted); err != nil {
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
	m := observability(t, f)
	if diff := cmp.Diff(before, m.Data); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	if _, left := m.Annotations[ksvc.AnnotationPrevious]; left {
		t.Error("the note is still there")
	}
	if restored, err := f.RestoreConfig(t.Context()); err != nil || restored {
		t.Errorf("RestoreConfig again = %v, %v, want nothing to do", restored, err)
	}
}

func TestConfigChangeTriesAgainAfterAConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := ksvctest.NewFakes(ksvctest.NewConfigMap(ksvc.ObservabilityConfig, nil))
		ksvctest.Refuse(&f.Kube.Fake, "patch", "configmaps", apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, ksvc.ObservabilityConfig, nil))
		if err := f.TracingChange("grpc", "h:1", 1).Apply(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := observability(t, f).Data["tracing-protocol"]; got != "grpc" {
			t.Errorf("tracing-protocol = %q, want grpc", got)
		}
	})
}

func TestConfigChangeWithoutPermission(t *testing.T) {
	f := ksvctest.NewFakes(ksvctest.NewConfigMap(ksvc.ObservabilityConfig, nil))
	ksvctest.Refuse(&f.Kube.Fake, "patch", "configmaps", apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, ksvc.ObservabilityConfig, nil))
	err := f.TracingChange("grpc", "h:1", 1).Apply(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "change ConfigMap knative-serving/config-observability: ") {
		t.Errorf("Apply = %v", err)
	}
}

func TestRestartActivator(t *testing.T) {
	f := ksvctest.NewFakes(ksvctest.NewActivator())
	if err := f.RestartActivator(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := f.Kube.AppsV1().Deployments(ksvc.SystemNamespace).Get(t.Context(), ksvc.Activator, metav1.GetOptions{})
	if err != nil || got.Spec.Template.Annotations[ksvc.AnnotationRestarted] == "" {
		t.Errorf("the activator's pods were not replaced: %v, %v", got.Spec.Template.Annotations, err)
	}
}
