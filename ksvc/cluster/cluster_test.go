package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
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
	c.workers = true
	if got, err := c.Address(t.Context(), ksvctest.Service); err == nil || !strings.Contains(err.Error(), "a worker would reach only its own pod there") {
		t.Errorf("Address = %s, %v, want none for workers", got, err)
	}
	c.workers = false
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

// A run removes its services in order, except where removals are followed and no watch was
// lost, so that the API server has not restarted.
func TestRemoveInOrder(t *testing.T) {
	for name, test := range map[string]struct {
		followed, lost bool
		want           metav1.DeletionPropagation
	}{
		"a run":                  {want: metav1.DeletePropagationForeground},
		"removals are followed":  {followed: true, want: metav1.DeletePropagationBackground},
		"also, a watch was lost": {followed: true, lost: true, want: metav1.DeletePropagationForeground},
	} {
		t.Run(name, func(t *testing.T) {
			f := ksvctest.NewFakes(&servingv1.Service{ObjectMeta: ksvctest.Meta(ksvctest.Service)})
			c, clock := New(f.Client), record.NewClock()
			if err := c.StartWatch(t.Context(), ksvctest.Run, clock, record.Patience{}, nil); err != nil {
				t.Fatal(err)
			}
			defer c.StopWatch()
			if test.followed {
				if err := c.FollowDeployments(t.Context(), ksvctest.Run, clock); err != nil {
					t.Fatal(err)
				}
				defer c.StopDeployments()
			}
			if test.lost {
				c.present.Load().Down(feed.Pods, clock.Now(), errors.New("refused"))
			}
			if err := c.Remove(t.Context(), ksvctest.Run, nil); err != nil {
				t.Fatal(err)
			}
			for _, a := range f.Serving.Actions() {
				if d, ok := a.(clienttesting.DeleteActionImpl); ok && *d.DeleteOptions.PropagationPolicy == test.want {
					return
				}
			}
			t.Errorf("no service was deleted with propagation %s", test.want)
		})
	}
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

// claim makes a run the one that is traced.
func claim(t *testing.T, c *Cluster) {
	t.Helper()
	if err := c.ClaimTraces(t.Context(), ksvctest.Run, func(run string) { t.Errorf("waits for run %s", run) }); err != nil {
		t.Fatal(err)
	}
}

func restore(ctx context.Context, c *Cluster) error {
	left, err := c.RestoreTraces(ctx)
	if len(left) > 0 {
		return fmt.Errorf("left %v", left)
	}
	return err
}

// leases is how many leases there are.
func leases(t *testing.T, f *ksvctest.Fakes) int {
	t.Helper()
	all, err := f.Kube.CoordinationV1().Leases("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return len(all.Items)
}

// While a run has services, a lease says that it is alive.
func TestRunsHoldALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := ksvctest.NewFakes()
		c := New(f.Client)
		for range 2 { // a second run of the same program, too
			for range 2 {
				if err := c.Create(t.Context(), ksvctest.Run, nil, nil); err != nil || leases(t, f) != 1 {
					t.Errorf("Create = %v with %d leases", err, leases(t, f))
				}
			}
			ksvctest.Refuse(&f.Serving.Fake, "list", "services", errors.New("broken"))
			if err := c.Remove(t.Context(), ksvctest.Run, nil); err == nil || leases(t, f) != 0 {
				t.Errorf("Remove = %v, %d leases left: what is left has to be stale", err, leases(t, f))
			}
		}
	})
}

func TestTracesHaveToBeClaimed(t *testing.T) {
	f := ksvctest.NewFakes()
	if _, err := New(f.Client).StartTraces(t.Context(), "127.0.0.1:0", nil, func(record.TraceSpan) {}); !errors.Is(err, errUnclaimed) || len(f.Kube.Actions()) != 0 {
		t.Errorf("StartTraces = %v", err)
	}
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
			claim(t, c)
			listens, err := c.StartTraces(t.Context(), "127.0.0.1:0", nil, func(record.TraceSpan) {})
			if (err == nil) != test.started || !strings.HasPrefix(listens, "127.0.0.1:") {
				t.Fatalf("StartTraces = %q, %v, want it to start: %v", listens, err, test.started)
			}
			if protocol, _ := observability(t, f); test.started && protocol != "http/protobuf" {
				t.Errorf("tracing-protocol = %q while traces are collected", protocol)
			}
			if err := errors.Join(c.StopTraces(), c.StopTraces(), restore(t.Context(), c), restore(t.Context(), c)); err != nil {
				t.Error(err)
			}
			if protocol, noted := observability(t, f); protocol != "none" || noted {
				t.Errorf("tracing-protocol = %q, noted %v, want it as before", protocol, noted)
			}
			if n := leases(t, f); n != 0 {
				t.Errorf("%d leases are left", n)
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
	claim(t, c)
	if _, err := c.StartTraces(t.Context(), "127.0.0.1:0", nil, func(record.TraceSpan) {}); err != nil {
		t.Fatal(err)
	}
	defer c.StopTraces()
	ksvctest.Refuse(&f.Kube.Fake, "patch", "deployments", errors.New("broken"))
	if err := restore(t.Context(), c); err == nil {
		t.Error("RestoreTraces = nil although the activator did not restart")
	}
	if err := restore(t.Context(), c); err != nil || restarts(f) != 3 {
		t.Errorf("RestoreTraces = %v, %d restarts, want nil and 3", err, restarts(f))
	}
}

// Another's change at the same moment makes restoring try again, which an interrupted
// run must not keep it from.
func TestRestoreTracesOfAnInterruptedRun(t *testing.T) {
	f := ksvctest.NewFakes(ksvctest.NewConfigMap(ksvc.ObservabilityConfig, map[string]string{"tracing-protocol": "none"}), ksvctest.NewActivator())
	c := New(f.Client)
	claim(t, c)
	if _, err := c.StartTraces(t.Context(), "127.0.0.1:0", nil, func(record.TraceSpan) {}); err != nil {
		t.Fatal(err)
	}
	defer c.StopTraces()
	ksvctest.Refuse(&f.Kube.Fake, "patch", "configmaps", apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, ksvc.ObservabilityConfig, nil))
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if err := restore(interrupted, c); err != nil {
		t.Error(err)
	}
	if protocol, noted := observability(t, f); protocol != "none" || noted {
		t.Errorf("tracing-protocol = %q, noted %v, want it as before", protocol, noted)
	}
}

func TestWithoutTraces(t *testing.T) {
	f := ksvctest.NewFakes()
	c := New(f.Client)
	if err := errors.Join(c.StopTraces(), restore(t.Context(), c)); err != nil || len(f.Kube.Actions()) != 0 {
		t.Errorf("%v after %d requests, want nothing done", err, len(f.Kube.Actions()))
	}
}

// flags are those of the command line that hints may name. The command line holds
// Hints against its own.
var flags = []string{"kubeconfig", "context", "namespace", "client-timeout", "ingress-address", "limit", "scheme", "ca-file", "service-account", "warm", "min-scale", "native", "worker-image", "worker-node-selector", "in-cluster"}

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
