package ksvc_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

func testSpec(name string) templates.Service {
	return templates.Service{
		Name: name, RuntimeClass: "gvisor", Image: "dev.local/coldfn:1", Pod: templates.Pod{PullPolicy: "Never"},
		Env:      map[string]string{"GREETING": `a "quoted" {{value}}: #1`},
		Requests: map[string]string{"cpu": "10m"}, Limits: map[string]string{"memory": "64Mi"},
		StableWindow: 25 * time.Second, Timeout: 120 * time.Second,
	}
}

func TestNewService(t *testing.T) {
	spec := testSpec("h-1")
	spec.Namespace = ksvctest.Space
	s, err := ksvc.NewService(ksvctest.Run, spec)
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{ksvc.LabelManagedBy: ksvc.ManagedBy, ksvc.LabelRun: ksvctest.Run, ksvc.LabelRuntimeClass: "gvisor"}
	template := s.Spec.Template
	container := template.Spec.Containers[0]
	got := []any{
		s.Namespace, s.Name, s.Labels, template.Labels, template.Annotations,
		*template.Spec.RuntimeClassName, *template.Spec.ContainerConcurrency, *template.Spec.TimeoutSeconds,
		*template.Spec.EnableServiceLinks, container.Image, container.ImagePullPolicy, container.Env, container.Resources,
	}
	want := []any{
		ksvctest.Space, "h-1", labels, labels,
		map[string]string{
			"autoscaling.knative.dev/initial-scale": "0", "autoscaling.knative.dev/min-scale": "0",
			"autoscaling.knative.dev/window": "25s",
		},
		"gvisor", int64(0), int64(120), false, "dev.local/coldfn:1", corev1.PullNever,
		[]corev1.EnvVar{{Name: "GREETING", Value: `a "quoted" {{value}}: #1`}},
		corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("service (-want +got):\n%s", diff)
	}
}

func TestNewServiceWithDefaults(t *testing.T) {
	s, err := ksvc.NewService(ksvctest.Run, templates.Service{Name: "h-1", Image: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Spec.Template.Spec.RuntimeClassName != nil || s.Spec.Template.Spec.TimeoutSeconds != nil {
		t.Errorf("RuntimeClass and timeout are set, want the cluster's")
	}
	if _, set := s.Spec.Template.Annotations["autoscaling.knative.dev/window"]; set {
		t.Error("the window is set, want the cluster's")
	}
}

// The default runtime is what pods without a runtimeClassName get; the label keeps its
// name.
func TestNewServiceOfTheDefaultRuntime(t *testing.T) {
	s, err := ksvc.NewService(ksvctest.Run, templates.Service{Name: "h-1", Image: "x", RuntimeClass: templates.DefaultClass})
	if err != nil {
		t.Fatal(err)
	}
	if c := s.Spec.Template.Spec.RuntimeClassName; c != nil || s.Spec.Template.Labels[ksvc.LabelRuntimeClass] != "default" {
		t.Errorf("runtimeClassName %v, labels %v", c, s.Spec.Template.Labels)
	}
}

func TestValidateService(t *testing.T) {
	tests := []struct {
		name   string
		change func(*templates.Service)
		want   string
	}{
		{"name", func(s *templates.Service) { s.Name = "H_1" }, "service name"},
		{"image", func(s *templates.Service) { s.Image = "" }, "no image"},
		{"short window", func(s *templates.Service) { s.StableWindow = 5 * time.Second }, "stable window 5s"},
		{"uneven window", func(s *templates.Service) { s.StableWindow = 6500 * time.Millisecond }, "stable window 6.5s"},
		{"long window", func(s *templates.Service) { s.StableWindow = time.Hour + time.Second }, "stable window 1h0m1s"},
		{"timeout", func(s *templates.Service) { s.Timeout = 1500 * time.Millisecond }, "revision timeout"},
		{"quantity", func(s *templates.Service) { s.Requests = map[string]string{"cpu": "much"} }, `cpu "much"`},
		{"limit", func(s *templates.Service) { s.Limits = map[string]string{"memory": "abc"} }, `memory "abc"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := testSpec("h-1")
			test.change(&s)
			if err := ksvc.ValidateService(s); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ValidateService = %v, want %q", err, test.want)
			}
		})
	}
}

func TestCreateAll(t *testing.T) {
	f := ksvctest.NewFakes()
	var specs []templates.Service
	for i := range 20 {
		specs = append(specs, testSpec(fmt.Sprintf("h-%d", i)))
	}
	last := 0
	err := f.CreateAll(t.Context(), ksvctest.Run, specs, func(done, total int) {
		if done != last+1 || total != 20 {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := f.Serving.ServingV1().Services(ksvctest.Space).List(t.Context(), metav1.ListOptions{LabelSelector: ksvc.Selector(ksvctest.Run)})
	if err != nil || len(list.Items) != 20 || last != 20 {
		t.Errorf("%d services, progress %d, %v, want 20", len(list.Items), last, err)
	}
}

func TestCreateAllCreatesNothingIfOneIsWrong(t *testing.T) {
	f := ksvctest.NewFakes()
	wrong := testSpec("h-2")
	wrong.Image = ""
	if err := f.CreateAll(t.Context(), ksvctest.Run, []templates.Service{testSpec("h-1"), wrong}, nil); err == nil {
		t.Error("CreateAll = nil, want an error")
	}
	if len(f.Serving.Actions()) != 0 {
		t.Errorf("%d requests were made, want none", len(f.Serving.Actions()))
	}
}

func TestCreateBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := ksvctest.NewFakes()
		ksvctest.Refuse(&f.Serving.Fake, "create", "services",
			apierrors.NewTooManyRequests("busy", 3),
			apierrors.NewInternalError(errors.New(`failed calling webhook "x": context deadline exceeded`)))
		began := time.Now()
		if err := f.CreateAll(t.Context(), ksvctest.Run, []templates.Service{testSpec("h-1")}, nil); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited < 3*time.Second || waited > 6*time.Second {
			t.Errorf("it took %v, want the server's 3 s and a short pause", waited)
		}
	})
}

func TestCreateFindsItsOwnAfterALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := testSpec("h-1")
		spec.Namespace = ksvctest.Space
		there, err := ksvc.NewService(ksvctest.Run, spec)
		if err != nil {
			t.Fatal(err)
		}
		f := ksvctest.NewFakes(there)
		ksvctest.Refuse(&f.Serving.Fake, "create", "services", apierrors.NewServerTimeout(schema.GroupResource{Resource: "services"}, "create", 0))
		if err := f.CreateAll(t.Context(), ksvctest.Run, []templates.Service{spec}, nil); err != nil {
			t.Errorf("CreateAll = %v, want nil: the first try did create it", err)
		}
	})
}

func TestCreateErrors(t *testing.T) {
	services := schema.GroupResource{Group: "serving.knative.dev", Resource: "services"}
	tests := []struct {
		name string
		err  error
		hint string
	}{
		{"quota", apierrors.NewForbidden(services, "h-1", errors.New("exceeded quota: pods")), "ResourceQuota"},
		{"permission", apierrors.NewForbidden(services, "h-1", errors.New("cannot create")), "doctor"},
		{"leftover", apierrors.NewAlreadyExists(services, "h-1"), "kn-coldstart clean -n bench"},
		{"feature", apierrors.NewBadRequest("must not set the field(s): spec.template.spec.runtimeClassName"), "podspec-runtimeclassname"},
		{"node selector", apierrors.NewBadRequest("must not set the field(s): spec.template.spec.nodeSelector"), "podspec-nodeselector"},
		{"tolerations", apierrors.NewBadRequest("must not set the field(s): spec.template.spec.tolerations"), "podspec-tolerations"},
		{"initial scale", apierrors.NewBadRequest("invalid value: 0: autoscaling.knative.dev/initial-scale"), "allow-zero-initial-scale"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := ksvctest.NewFakes()
			ksvctest.Refuse(&f.Serving.Fake, "create", "services", test.err)
			err := f.CreateAll(t.Context(), ksvctest.Run, []templates.Service{testSpec("h-1")}, nil)
			if err == nil || !strings.HasPrefix(err.Error(), "create service bench/h-1: ") {
				t.Fatalf("CreateAll = %v", err)
			}
			if !strings.Contains(ksvc.Hint(err), test.hint) {
				t.Errorf("hint = %q, want %q", ksvc.Hint(err), test.hint)
			}
		})
	}
}

// A quota of three services: what was created before the fourth is removed again.
func TestAQuotaThatRefusesAService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := ksvctest.NewFakes()
		var mu sync.Mutex
		room := 3
		f.Serving.PrependReactor("create", "services", func(a clienttesting.Action) (bool, runtime.Object, error) {
			mu.Lock()
			defer mu.Unlock()
			if room--; room >= 0 {
				return false, nil, nil
			}
			name := a.(clienttesting.CreateAction).GetObject().(*servingv1.Service).Name
			return true, nil, apierrors.NewForbidden(servingv1.Resource("services"), name,
				errors.New("exceeded quota: small, requested: count/services.serving.knative.dev=1, used: 3, limited: 3"))
		})
		var specs []templates.Service
		for i := range 6 {
			specs = append(specs, testSpec(fmt.Sprintf("h-%d", i)))
		}
		err := f.CreateAll(t.Context(), ksvctest.Run, specs, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "create service bench/h-") || !strings.Contains(err.Error(), "exceeded quota: small") {
			t.Errorf("CreateAll = %v", err)
		}
		if want := "raise the namespace's ResourceQuota, or ask for fewer services"; ksvc.Hint(err) != want {
			t.Errorf("hint = %q, want %q", ksvc.Hint(err), want)
		}
		gone, err := f.Delete(t.Context(), ksvc.DeleteOptions{Runs: []string{ksvctest.Run}})
		if err != nil || gone.Services != 3 {
			t.Errorf("Delete = %+v, %v, want 3 services", gone, err)
		}
		if left := left(t, f); left != nil {
			t.Errorf("%v are left", left)
		}
	})
}
