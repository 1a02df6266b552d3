package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// An ingress that nobody could know before the first service exists is found by what
// that service's ingress object says, and is then known for all.
func TestAddressComesWithTheFirstService(t *testing.T) {
	address, port := ksvctest.Listen(t)
	f := ksvctest.NewFakes(ksvctest.NewConfigMap("config-network", map[string]string{"ingress-class": "traefik.ingress.networking.knative.dev"}))
	c := New(f.Client)
	if got, err := c.Address(t.Context(), ksvctest.Service); err == nil {
		t.Fatalf("Address = %s before anything tells it", got)
	}
	gateway := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "entry"}}
	gateway.Spec.Ports = []corev1.ServicePort{{Name: "web", Port: port}}
	gateway.Spec.ExternalIPs = []string{"127.0.0.1"}
	own := &v1alpha1.Ingress{ObjectMeta: ksvctest.Meta(ksvctest.Service)}
	own.Status.PublicLoadBalancer = &v1alpha1.LoadBalancerStatus{Ingress: []v1alpha1.LoadBalancerIngressStatus{{DomainInternal: "entry.edge.svc.cluster.local"}}}
	for tracker, o := range map[interface{ Add(runtime.Object) error }]runtime.Object{f.Kube.Tracker(): gateway, f.Networking.Tracker(): own} {
		if err := tracker.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	for _, service := range []string{ksvctest.Service, "another"} {
		if got, err := c.Address(t.Context(), service); err != nil || got != address {
			t.Errorf("Address(%s) = %s, %v, want %s", service, got, err, address)
		}
	}
}

func TestWithoutAWatch(t *testing.T) {
	c, target := New(ksvctest.NewFakes().Client), ksvctest.Target
	_, ready := c.AwaitReady(t.Context(), ksvctest.Service)
	for name, err := range map[string]error{
		"AwaitReady": ready, "AwaitZero": c.AwaitZero(t.Context(), target),
		"AwaitTrouble": c.AwaitTrouble(t.Context(), target), "Prove": c.Prove(t.Context(), target, &record.Sample{}),
	} {
		if !errors.Is(err, errNoWatch) {
			t.Errorf("%s = %v, want %v", name, err, errNoWatch)
		}
	}
	c.StopWatch()
	if c.Instances(record.Key{}) != (record.InstanceCount{}) || c.ImageID(ksvctest.Service) != "" {
		t.Error("instances are known of what was not watched")
	}
}

func TestOneWatchAtATime(t *testing.T) {
	c := New(ksvctest.NewFakes(ksvctest.NewPod("u1")).Client)
	start := func() error {
		return c.StartWatch(t.Context(), ksvctest.Run, record.NewClock(), record.Patience{}, nil)
	}
	if err := start(); err != nil {
		t.Fatal(err)
	}
	if err := start(); !errors.Is(err, errWatching) {
		t.Errorf("StartWatch = %v, want %v", err, errWatching)
	}
	c.StopWatch()
	c.StopWatch()
	if got := c.Instances(record.Key{RuntimeClass: "runc"}).Alive; got != 1 {
		t.Errorf("%d instances after the watch has ended, want the one that it saw", got)
	}
	if err := start(); err != nil {
		t.Errorf("StartWatch = %v for the next run", err)
	}
	c.StopWatch()
}

// observability is the setting under test and whether a note for undoing it is left.
func observability(t *testing.T, f *ksvctest.Fakes) (protocol string, noted bool) {
	t.Helper()
	m, err := f.Kube.CoreV1().ConfigMaps(ksvc.SystemNamespace).Get(t.Context(), ksvc.ObservabilityConfig, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m.Data["tracing-protocol"], len(m.Annotations) > 0
}

// restarts is how often the activator was told to restart.
func restarts(f *ksvctest.Fakes) int {
	n := 0
	for _, a := range f.Kube.Actions() {
		if a.Matches("patch", "deployments") {
			n++
		}
	}
	return n
}

func TestTraces(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name    string
		spoil   func(*ksvctest.Fakes)
		started bool
		// restarts are those of the activator, tried ones included.
		restarts int
	}{
		{"all is well", func(*ksvctest.Fakes) {}, true, 2},
		{"the change is refused", func(f *ksvctest.Fakes) { ksvctest.Refuse(&f.Kube.Fake, "patch", "configmaps", broken) }, false, 0},
		{"the activator does not restart", func(f *ksvctest.Fakes) { ksvctest.Refuse(&f.Kube.Fake, "patch", "deployments", broken) }, false, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := ksvctest.NewFakes(ksvctest.NewConfigMap(ksvc.ObservabilityConfig, map[string]string{"tracing-protocol": "none"}), ksvctest.NewActivator())
			test.spoil(f)
			c := New(f.Client)
			endpoint, err := c.StartTraces(t.Context(), "127.0.0.1:0", func(record.TraceSpan) {})
			if (err == nil) != test.started || !strings.HasPrefix(endpoint, "http://127.0.0.1:") {
				t.Fatalf("StartTraces = %q, %v, want it to start: %v", endpoint, err, test.started)
			}
			if protocol, _ := observability(t, f); test.started && protocol != "http/protobuf" {
				t.Errorf("tracing-protocol = %q while traces are collected", protocol)
			}
			if err := errors.Join(c.StopTraces(), c.StopTraces(), c.RestoreTraces(t.Context()), c.RestoreTraces(t.Context())); err != nil {
				t.Error(err)
			}
			if protocol, noted := observability(t, f); protocol != "none" || noted {
				t.Errorf("tracing-protocol = %q, noted %v, want it as before", protocol, noted)
			}
			if got := restarts(f); got != test.restarts {
				t.Errorf("the activator was restarted %d times, want %d", got, test.restarts)
			}
		})
	}
}

func TestRestoreTracesRestartsTheActivatorAtASecondTry(t *testing.T) {
	f := ksvctest.NewFakes(ksvctest.NewConfigMap(ksvc.ObservabilityConfig, nil), ksvctest.NewActivator())
	c := New(f.Client)
	if _, err := c.StartTraces(t.Context(), "127.0.0.1:0", func(record.TraceSpan) {}); err != nil {
		t.Fatal(err)
	}
	defer c.StopTraces()
	ksvctest.Refuse(&f.Kube.Fake, "patch", "deployments", errors.New("broken"))
	if err := c.RestoreTraces(t.Context()); err == nil {
		t.Error("RestoreTraces = nil although the activator did not restart")
	}
	if err := c.RestoreTraces(t.Context()); err != nil || restarts(f) != 3 {
		t.Errorf("RestoreTraces = %v, %d restarts, want nil and 3", err, restarts(f))
	}
}

// Another's change at the same moment makes restoring try again, which an interrupted
// run must not keep it from.
func TestRestoreTracesOfAnInterruptedRun(t *testing.T) {
	f := ksvctest.NewFakes(ksvctest.NewConfigMap(ksvc.ObservabilityConfig, map[string]string{"tracing-protocol": "none"}), ksvctest.NewActivator())
	c := New(f.Client)
	if _, err := c.StartTraces(t.Context(), "127.0.0.1:0", func(record.TraceSpan) {}); err != nil {
		t.Fatal(err)
	}
	defer c.StopTraces()
	ksvctest.Refuse(&f.Kube.Fake, "patch", "configmaps", apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, ksvc.ObservabilityConfig, nil))
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.RestoreTraces(interrupted); err != nil {
		t.Error(err)
	}
	if protocol, noted := observability(t, f); protocol != "none" || noted {
		t.Errorf("tracing-protocol = %q, noted %v, want it as before", protocol, noted)
	}
}

func TestWithoutTraces(t *testing.T) {
	f := ksvctest.NewFakes()
	c := New(f.Client)
	if err := errors.Join(c.StopTraces(), c.RestoreTraces(t.Context())); err != nil || len(f.Kube.Actions()) != 0 {
		t.Errorf("%v after %d requests, want nothing done", err, len(f.Kube.Actions()))
	}
}

// flags are those of the command line that hints may name. The command line holds
// Hints against its own.
var flags = []string{"kubeconfig", "context", "namespace", "client-timeout", "ingress-address", "limit", "scheme", "ca-file", "service-account"}

func TestHintsNameFlagsThatThereAre(t *testing.T) {
	hints := ksvc.Hints()
	if len(hints) < 40 {
		t.Errorf("only %d hints are known", len(hints))
	}
	for _, hint := range hints {
		for word := range strings.FieldsSeq(hint) {
			name, isFlag := strings.CutPrefix(word, "--")
			if isFlag && !strings.HasPrefix(hint, "kubectl ") && !slices.Contains(flags, strings.TrimRight(name, ",;:")) {
				t.Errorf("hint %q names --%s", hint, name)
			}
		}
	}
}
