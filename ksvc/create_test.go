package ksvc

import (
	"context"
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
	"k8s.io/apimachinery/pkg/util/validation"
	clienttesting "k8s.io/client-go/testing"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/templates"
)

func testSpec(name string) templates.Service {
	return templates.Service{
		Name: name, RuntimeClass: "gvisor", Image: "dev.local/coldfn:1", ImagePullPolicy: "Never",
		Env: map[string]string{"GREETING": `a "quoted" {{value}}: #1`}, Annotations: map[string]string{"module.wasm.image/variant": "compat-smart"},
		Requests: map[string]string{"cpu": "10m"}, Limits: map[string]string{"memory": "64Mi"},
		Concurrency: 1, MaxScale: 1, StableWindow: 25 * time.Second, Timeout: 120 * time.Second,
	}
}

func TestNewService(t *testing.T) {
	spec := testSpec("h-1")
	spec.Namespace = testSpace
	s, err := newService(testRun, spec)
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{LabelManagedBy: ManagedBy, LabelRun: testRun, LabelRuntimeClass: "gvisor"}
	template := s.Spec.Template
	container := template.Spec.Containers[0]
	got := []any{
		s.Namespace, s.Name, s.Labels, template.Labels, template.Annotations,
		*template.Spec.RuntimeClassName, *template.Spec.ContainerConcurrency, *template.Spec.TimeoutSeconds,
		*template.Spec.EnableServiceLinks, container.Image, container.ImagePullPolicy, container.Env, container.Resources,
	}
	want := []any{
		testSpace, "h-1", labels, labels,
		map[string]string{
			"autoscaling.knative.dev/initial-scale": "0", "autoscaling.knative.dev/min-scale": "0",
			"autoscaling.knative.dev/max-scale": "1", "autoscaling.knative.dev/window": "25s",
			"module.wasm.image/variant": "compat-smart",
		},
		"gvisor", int64(1), int64(120), false, "dev.local/coldfn:1", corev1.PullNever,
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
	s, err := newService(testRun, templates.Service{Name: "h-1", Image: "x"})
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

func TestValidateService(t *testing.T) {
	tests := []struct {
		name   string
		change func(*templates.Service)
		want   string
	}{
		{"name", func(s *templates.Service) { s.Name = "H_1" }, "service name"},
		{"image", func(s *templates.Service) { s.Image = "" }, "no image"},
		{"short window", func(s *templates.Service) { s.StableWindow = 5 * time.Second }, "stable window 5s"},
		{"uneven window", func(s *templates.Service) { s.StableWindow = 6500 * ms }, "stable window 6.5s"},
		{"timeout", func(s *templates.Service) { s.Timeout = 1500 * ms }, "revision timeout"},
		{"quantity", func(s *templates.Service) { s.Requests = map[string]string{"cpu": "much"} }, `cpu "much"`},
		{"concurrency", func(s *templates.Service) { s.Concurrency = -1 }, "concurrency -1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := testSpec("h-1")
			test.change(&s)
			if err := ValidateService(s); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ValidateService = %v, want %q", err, test.want)
			}
		})
	}
}

func TestServiceName(t *testing.T) {
	for _, class := range []string{"runc", "kata-qemu.virtiofs.nested_long_name", "", "Ünïcode"} {
		name := ServiceName("20260801-101112-ab12", class, 499)
		if p := validation.IsDNS1035Label(name); len(p) > 0 || len(name) > nameLimit {
			t.Errorf("ServiceName(%q) = %q: %v, %d characters", class, name, p, len(name))
		}
	}
	if ServiceName("a", "runc", 0) == ServiceName("b", "runc", 0) {
		t.Error("two runs share a name")
	}
}

func TestCreateAll(t *testing.T) {
	f := newFakes()
	var specs []templates.Service
	for i := range 20 {
		specs = append(specs, testSpec(fmt.Sprintf("h-%d", i)))
	}
	last := 0
	err := f.CreateAll(t.Context(), testRun, specs, CreateOptions{Parallel: 3, Progress: func(done, total int) {
		if done != last+1 || total != 20 {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
	}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := f.serving.ServingV1().Services(testSpace).List(t.Context(), metav1.ListOptions{LabelSelector: selector(testRun)})
	if err != nil || len(list.Items) != 20 || last != 20 {
		t.Errorf("%d services, progress %d, %v, want 20", len(list.Items), last, err)
	}
}

func TestCreateAllCreatesNothingIfOneIsWrong(t *testing.T) {
	f := newFakes()
	wrong := testSpec("h-2")
	wrong.Image = ""
	if err := f.CreateAll(t.Context(), testRun, []templates.Service{testSpec("h-1"), wrong}, CreateOptions{}); err == nil {
		t.Error("CreateAll = nil, want an error")
	}
	if len(f.serving.Actions()) != 0 {
		t.Errorf("%d requests were made, want none", len(f.serving.Actions()))
	}
}

// refuse makes the first requests of a verb fail, one with each of errs.
func refuse(fake *clienttesting.Fake, verb, resource string, errs ...error) {
	fake.PrependReactor(verb, resource, func(clienttesting.Action) (bool, runtime.Object, error) {
		if len(errs) == 0 {
			return false, nil, nil
		}
		err := errs[0]
		errs = errs[1:]
		return err != nil, nil, err
	})
}

func TestCreateBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		refuse(&f.serving.Fake, "create", "services",
			apierrors.NewTooManyRequests("busy", 3),
			apierrors.NewInternalError(errors.New(`failed calling webhook "x": context deadline exceeded`)))
		began := time.Now()
		if err := f.CreateAll(t.Context(), testRun, []templates.Service{testSpec("h-1")}, CreateOptions{}); err != nil {
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
		spec.Namespace = testSpace
		there, err := newService(testRun, spec)
		if err != nil {
			t.Fatal(err)
		}
		f := newFakes(there)
		refuse(&f.serving.Fake, "create", "services", apierrors.NewServerTimeout(schema.GroupResource{Resource: "services"}, "create", 0))
		if err := f.CreateAll(t.Context(), testRun, []templates.Service{spec}, CreateOptions{}); err != nil {
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
		{"initial scale", apierrors.NewBadRequest("invalid value: 0: autoscaling.knative.dev/initial-scale"), "allow-zero-initial-scale"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFakes()
			refuse(&f.serving.Fake, "create", "services", test.err)
			err := f.CreateAll(t.Context(), testRun, []templates.Service{testSpec("h-1")}, CreateOptions{})
			if err == nil || !strings.HasPrefix(err.Error(), "create service bench/h-1: ") {
				t.Fatalf("CreateAll = %v", err)
			}
			if !strings.Contains(Hint(err), test.hint) {
				t.Errorf("hint = %q, want %q", Hint(err), test.hint)
			}
		})
	}
}

// A quota of three services: what was created before the fourth is removed again.
func TestAQuotaThatRefusesAService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		var mu sync.Mutex
		room := 3
		f.serving.PrependReactor("create", "services", func(a clienttesting.Action) (bool, runtime.Object, error) {
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
		err := f.CreateAll(t.Context(), testRun, specs, CreateOptions{})
		if err == nil || !strings.HasPrefix(err.Error(), "create service bench/h-") || !strings.Contains(err.Error(), "exceeded quota: small") {
			t.Errorf("CreateAll = %v", err)
		}
		if want := "raise the namespace's ResourceQuota, or ask for fewer services"; Hint(err) != want {
			t.Errorf("hint = %q, want %q", Hint(err), want)
		}
		gone, err := f.Delete(t.Context(), DeleteOptions{Run: testRun})
		if err != nil || gone.Services != 3 {
			t.Errorf("Delete = %+v, %v, want 3 services", gone, err)
		}
		if left := f.left(t); left != nil {
			t.Errorf("%v are left", left)
		}
	})
}

func TestParallelStopsAtTheFirstFailure(t *testing.T) {
	broken := errors.New("broken")
	calls := 0
	err := parallel(t.Context(), make([]int, 100), 1, nil, func(context.Context, int) error { calls++; return broken })
	if !errors.Is(err, broken) || calls > 2 {
		t.Errorf("parallel = %v after %d calls, want broken at once", err, calls)
	}
}
