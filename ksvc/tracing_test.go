package ksvc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// tracingBefore is Knative's setting before any run.
var tracingBefore = map[string]string{"tracing-protocol": "none", "metrics-protocol": "prometheus"}

func tracingFakes() *ksvctest.Fakes {
	return ksvctest.NewFakes(ksvctest.NewConfigMap(ksvc.ObservabilityConfig, tracingBefore), ksvctest.NewActivator())
}

func observability(t *testing.T, f *ksvctest.Fakes) *corev1.ConfigMap {
	t.Helper()
	m, err := f.Kube.CoreV1().ConfigMaps(ksvc.SystemNamespace).Get(t.Context(), ksvc.ObservabilityConfig, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func wantTracing(t *testing.T, f *ksvctest.Fakes, want map[string]string, noted bool) {
	t.Helper()
	m := observability(t, f)
	if diff := cmp.Diff(want, m.Data); diff != "" {
		t.Errorf("config-observability (-want +got):\n%s", diff)
	}
	if note, there := m.Annotations[ksvc.AnnotationChange]; there != noted {
		t.Errorf("note %q, want one: %v", note, noted)
	}
}

// restarted is the annotation that a restart of the activator leaves.
func restarted(t *testing.T, f *ksvctest.Fakes) string {
	t.Helper()
	d, err := f.Kube.AppsV1().Deployments(ksvc.SystemNamespace).Get(t.Context(), ksvc.Activator, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Spec.Template.Annotations[ksvc.AnnotationRestarted]
}

func traceTo(t *testing.T, f *ksvctest.Fakes, run, endpoint string) {
	t.Helper()
	if err := f.TraceTo(t.Context(), run, "http/protobuf", endpoint, 1); err != nil {
		t.Fatal(err)
	}
}

func restore(t *testing.T, f *ksvctest.Fakes, run string) ksvc.Restored {
	t.Helper()
	restored, err := f.RestoreTracing(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	return restored
}

// setTracing is what an administrator does.
func setTracing(t *testing.T, f *ksvctest.Fakes, key, value string) {
	t.Helper()
	m := observability(t, f)
	m.Data[key] = value
	if _, err := f.Kube.CoreV1().ConfigMaps(ksvc.SystemNamespace).Update(t.Context(), m, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestTracing(t *testing.T) {
	f := tracingFakes()
	traceTo(t, f, "run-1", "http://10.0.0.1:4318/v1/traces")
	wantTracing(t, f, map[string]string{
		"tracing-protocol": "http/protobuf", "tracing-endpoint": "http://10.0.0.1:4318/v1/traces",
		"tracing-sampling-rate": "1", "metrics-protocol": "prometheus",
	}, true)
	var noted struct {
		Run    string             `json:"run"`
		Before map[string]*string `json:"before"`
	}
	if err := json.Unmarshal([]byte(observability(t, f).Annotations[ksvc.AnnotationChange]), &noted); err != nil {
		t.Fatal(err)
	}
	none := "none"
	if diff := cmp.Diff(map[string]*string{"tracing-protocol": &none, "tracing-endpoint": nil, "tracing-sampling-rate": nil}, noted.Before); diff != "" || noted.Run != "run-1" {
		t.Errorf("noted for run %q (-want +got):\n%s", noted.Run, diff)
	}
	if got := restore(t, f, "run-1"); !got.Changed || got.Left != nil || restarted(t, f) == "" {
		t.Errorf("RestoreTracing = %+v, restarted %q", got, restarted(t, f))
	}
	wantTracing(t, f, tracingBefore, false)
	if got := restore(t, f, "run-1"); got.Changed {
		t.Errorf("RestoreTracing again = %+v, want nothing to do", got)
	}
}

// What an administrator has set meanwhile is newer than what was before the run.
func TestRestoreTracingLeavesWhatSomebodyElseHasSet(t *testing.T) {
	f := tracingFakes()
	traceTo(t, f, "run-1", "http://run")
	setTracing(t, f, "tracing-endpoint", "http://collector")
	setTracing(t, f, "tracing-protocol", "none") // as it was before: nothing to tell
	got := restore(t, f, "run-1")
	if diff := cmp.Diff(ksvc.Restored{Changed: true, Left: []string{"tracing-endpoint"}}, got); diff != "" {
		t.Error(diff)
	}
	wantTracing(t, f, map[string]string{"tracing-protocol": "none", "tracing-endpoint": "http://collector", "metrics-protocol": "prometheus"}, false)
}

// A run that comes after one that was killed puts back what was before both, and the
// dead one, should it wake, undoes nothing of the new one.
func TestTraceToUndoesADeadRun(t *testing.T) {
	f := tracingFakes()
	traceTo(t, f, "dead", "http://dead")
	setTracing(t, f, "tracing-sampling-rate", "0.1")
	traceTo(t, f, "new", "http://new")
	if got := restore(t, f, "dead"); got.Changed {
		t.Errorf("the dead run restored %+v", got)
	}
	if got := observability(t, f).Data["tracing-endpoint"]; got != "http://new" {
		t.Errorf("tracing-endpoint = %q", got)
	}
	restore(t, f, "new")
	wantTracing(t, f, map[string]string{"tracing-protocol": "none", "tracing-sampling-rate": "0.1", "metrics-protocol": "prometheus"}, false)
}

// Errors that pass keep nothing from being put back, however often they come: neither in
// the setting nor in the restart of the activator.
func TestRestoreTracingOutlastsPassingErrors(t *testing.T) {
	for _, resource := range []string{"configmaps", "deployments"} {
		t.Run(resource, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := tracingFakes()
				traceTo(t, f, "run-1", "http://run")
				var often []error
				for range 10 { // of each, of which configmaps meet both
					often = append(often, apierrors.NewGenericServerResponse(http.StatusBadGateway, "patch", schema.GroupResource{Resource: resource}, "a", "", 0, true))
				}
				ksvctest.Refuse(&f.Kube.Fake, "patch", resource, often...)
				ksvctest.Refuse(&f.Kube.Fake, "get", resource, often...)
				restore(t, f, "run-1")
				wantTracing(t, f, tracingBefore, false)
				if restarted(t, f) == "" {
					t.Error("the activator was not restarted")
				}
			})
		})
	}
}

// A restart of the activator that failed for good is made good by whoever restores next.
func TestRestoreTracingMendsAFailedRestart(t *testing.T) {
	f := tracingFakes()
	traceTo(t, f, "run-1", "http://run")
	ksvctest.Refuse(&f.Kube.Fake, "patch", "deployments", apierrors.NewForbidden(schema.GroupResource{Resource: "deployments"}, ksvc.Activator, nil))
	if _, err := f.RestoreTracing(t.Context(), "run-1"); err == nil {
		t.Fatal("the restart was refused, and RestoreTracing = nil")
	}
	wantTracing(t, f, tracingBefore, true)
	if got := restore(t, f, "run-1"); !got.Changed || restarted(t, f) == "" {
		t.Errorf("RestoreTracing = %+v, restarted %q", got, restarted(t, f))
	}
	wantTracing(t, f, tracingBefore, false)
}

// A change that is under way when Ctrl-C comes is waited for. Otherwise it could be made
// after RestoreTracing has found nothing to restore.
func TestTraceToWaitsForTheChange(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	var answered atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodPatch {
			interrupt()
			select {
			case <-r.Context().Done(): // the client has gone
				return
			case <-time.After(200 * time.Millisecond): // for a wrong one to go
				answered.Store(true)
			}
		}
		fmt.Fprint(w, `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"config-observability","resourceVersion":"1"}}`)
	}))
	defer server.Close()
	client, err := ksvc.NewClient(&rest.Config{Host: server.URL}, ksvctest.Space)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.TraceTo(ctx, "run-1", "grpc", "h:1", 1); err != nil || !answered.Load() {
		t.Errorf("TraceTo = %v, answered %v, want that the change was waited for", err, answered.Load())
	}
}

func TestTraceToTriesAgainAfterAConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := tracingFakes()
		ksvctest.Refuse(&f.Kube.Fake, "patch", "configmaps", apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, ksvc.ObservabilityConfig, nil))
		traceTo(t, f, "run-1", "h:1")
		if got := observability(t, f).Data["tracing-endpoint"]; got != "h:1" {
			t.Errorf("tracing-endpoint = %q, want h:1", got)
		}
	})
}

func TestTraceToWithoutPermission(t *testing.T) {
	f := tracingFakes()
	ksvctest.Refuse(&f.Kube.Fake, "patch", "configmaps", apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, ksvc.ObservabilityConfig, nil))
	err := f.TraceTo(t.Context(), "run-1", "grpc", "h:1", 1)
	if err == nil || !strings.HasPrefix(err.Error(), "change ConfigMap knative-serving/config-observability: ") {
		t.Errorf("TraceTo = %v", err)
	}
}

func TestRestartActivatorEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := ksvctest.NewActivator()
		d.Status.AvailableReplicas = 0
		f := ksvctest.NewFakes(d)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := f.RestartActivator(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("RestartActivator = %v", err)
		}
	})
}
