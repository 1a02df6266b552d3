package cluster

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/check"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Environment of the end-to-end tests: a cluster to test on, and the image of
// the function there. Without the first they are skipped.
const (
	envKubeconfig = "KN_COLDSTART_E2E_KUBECONFIG"
	envImage      = "KN_COLDSTART_E2E_IMAGE"
)

// endToEndSpace is the namespace of one test. It takes a while to go, so no two
// tests share one.
func endToEndSpace(t testing.TB) string { return "ksvc-dev-" + strings.ToLower(t.Name()) }

// endToEnd connects to the real cluster, in a namespace of the test's own, and
// with nothing but the permissions that rbac grants.
func endToEnd(t testing.TB) *Cluster {
	t.Helper()
	path := os.Getenv(envKubeconfig)
	if path == "" {
		t.Skipf("%s names no cluster", envKubeconfig)
	}
	name := endToEndSpace(t)
	config, _, err := ksvc.Kubeconfig{Path: path}.Load()
	if err != nil {
		t.Fatal(err)
	}
	admin, err := ksvc.NewClient(config, name)
	if err != nil {
		t.Fatal(err)
	}
	space := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := admin.Kubernetes.CoreV1().Namespaces().Create(t.Context(), space, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin.Kubernetes.CoreV1().Namespaces().Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	grant(t, admin)
	config.Impersonate.UserName = "system:serviceaccount:" + name + ":" + name
	c, err := ksvc.NewClient(config, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		gone, err := c.Delete(context.Background(), ksvc.DeleteOptions{Patience: 2 * time.Minute})
		t.Logf("deleted %+v, %v", gone, err)
		if err != nil {
			t.Error(err)
		}
	})
	return New(c)
}

// grant applies the manifests of rbac, under names that belong to the test.
func grant(t testing.TB, admin *ksvc.Client) {
	t.Helper()
	text, err := check.Grant{Namespace: admin.Namespace, ServiceAccount: admin.Namespace, Traces: true, Usage: true}.Manifests()
	if err != nil {
		t.Fatal(err)
	}
	rbac, ctx := admin.Kubernetes.RbacV1(), context.Background()
	for document := range strings.SplitSeq(strings.ReplaceAll(string(text), `name: "kn-coldstart`, `name: "`+admin.Namespace), "\n---\n") {
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(document), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		name, create, remove := object.(metav1.Object).GetName(), error(nil), func() error { return nil }
		o, d := metav1.CreateOptions{}, metav1.DeleteOptions{}
		switch object := object.(type) {
		case *rbacv1.Role:
			_, create = rbac.Roles(object.Namespace).Create(ctx, object, o)
			remove = func() error { return rbac.Roles(object.Namespace).Delete(ctx, name, d) }
		case *rbacv1.RoleBinding:
			_, create = rbac.RoleBindings(object.Namespace).Create(ctx, object, o)
			remove = func() error { return rbac.RoleBindings(object.Namespace).Delete(ctx, name, d) }
		case *rbacv1.ClusterRole:
			_, create = rbac.ClusterRoles().Create(ctx, object, o)
			remove = func() error { return rbac.ClusterRoles().Delete(ctx, name, d) }
		case *rbacv1.ClusterRoleBinding:
			_, create = rbac.ClusterRoleBindings().Create(ctx, object, o)
			remove = func() error { return rbac.ClusterRoleBindings().Delete(ctx, name, d) }
		}
		if create != nil {
			t.Fatal(create)
		}
		t.Cleanup(func() {
			if err := remove(); err != nil {
				t.Error(err)
			}
		})
	}
}

func endToEndImage() string {
	if image := os.Getenv(envImage); image != "" {
		return image
	}
	return "dev.local/coldfn:local"
}

// fire sends one request, as loadgen would.
func fire(t *testing.T, clock record.Clock, target record.Target) record.Sample {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+target.Address+target.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = target.Host
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	s := record.Sample{RuntimeClass: target.RuntimeClass, Service: target.Service, Sent: clock.Now(), Outcome: record.OK}
	answer, err := client.Do(request)
	s.FirstByte = clock.Now()
	if err != nil {
		s.Outcome, s.Error, s.FirstByte, s.Done = record.Error, err.Error(), 0, clock.Now()
		return s
	}
	defer answer.Body.Close()
	var said struct {
		Pod      string `json:"pod"`
		Requests int64  `json:"requests"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		t.Errorf("answer of %s (%s): %v", target.Service, answer.Status, err)
	}
	s.Done, s.Status = clock.Now(), answer.StatusCode
	s.Function = &record.Function{Pod: said.Pod, Requests: said.Requests}
	return s
}

// phase says whether a phase was seen.
func phase(s record.Sample, name record.PhaseName) (record.Phase, bool) {
	for _, p := range s.Phases {
		if p.Name == name {
			return p, true
		}
	}
	return record.Phase{}, false
}

func TestEndToEnd(t *testing.T) {
	c := endToEnd(t)
	survey, err := c.Survey(t.Context(), record.Needs{ClientTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", survey)
	var specs []templates.Service
	var classes []string
	for class := range survey.Handlers {
		classes = append(classes, class)
		specs = append(specs, templates.Service{
			Name: "e2e-" + class, RuntimeClass: class, Image: endToEndImage(), Pod: templates.Pod{PullPolicy: "IfNotPresent"},
			StableWindow: 6 * time.Second, Timeout: 15 * time.Second, // pods end no later than that after they have to
		})
	}
	for _, check := range c.Doctor(t.Context(), record.Needs{RuntimeClasses: classes, ClientTimeout: time.Minute, Traces: true}) {
		t.Logf("%-28s %-12s %s [%s]", check.Name, check.Verdict, check.Message, check.Hint)
		if check.Verdict == record.CheckFail {
			t.Errorf("check %s fails: %s", check.Name, check.Message)
		}
	}
	clock := record.NewClock()
	err = c.StartWatch(t.Context(), ksvctest.Run, clock, record.Patience{}, func(e record.Event) {
		t.Logf("%8.3fs %s %s %s", e.At.Seconds(), e.Kind, e.Service, e.Message)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.StopWatch)
	if err := c.Create(t.Context(), ksvctest.Run, specs, nil); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		for _, spec := range specs {
			target := reachable(t, c, spec.Name)
			s := fire(t, clock, target)
			if err := c.Prove(t.Context(), target, &s); err != nil {
				t.Fatal(err)
			}
			logSample(t, round, s)
			if s.Cold != record.Proven || s.Outcome != record.OK || s.Instance == nil || s.Instance.UID == "" {
				t.Errorf("%s: %s %s, cold %s: %s", spec.Name, s.Outcome, s.Error, s.Cold, s.ColdReason)
			}
			for _, name := range record.PhaseNames {
				if _, found := phase(s, name); !found && name != record.PhaseReady {
					t.Errorf("%s: phase %s was not seen", spec.Name, name)
				}
			}
			if c.ImageID(spec.Name) == "" {
				t.Errorf("%s: the image that ran is not known", spec.Name)
			}
		}
	}
	if n := c.Instances(record.Key{}).Spawned; n != 3*len(specs) {
		t.Errorf("%d instances spawned, want %d", n, 3*len(specs))
	}
}

// reachable waits until a service is Ready, at zero and reachable.
func reachable(t testing.TB, c *Cluster, service string) record.Target {
	t.Helper()
	target, err := c.AwaitReady(t.Context(), service)
	if err != nil {
		t.Fatal(err)
	}
	if target.Address, err = c.Address(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	if err := c.AwaitRoute(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	return target
}

func logSample(t *testing.T, round int, s record.Sample) {
	t.Logf("round %d %s: %v %s, %s", round, s.Service, s.Done-s.Sent, s.Cold, s.ColdReason)
	for _, p := range s.Phases {
		t.Logf("   %-18s %7.1f ms  %s ± %v  %s", p.Name, float64(p.At-s.Sent)/1e6, p.Clock, p.Resolution, p.Source)
	}
}

// TestEndToEndBrokenImage shows that an image that is not there is found out at
// the first request, long before the client's timeout.
func TestEndToEndBrokenImage(t *testing.T) {
	c := endToEnd(t)
	if err := c.StartWatch(t.Context(), ksvctest.Run, record.NewClock(), record.Patience{}, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.StopWatch)
	spec := templates.Service{
		Name: "e2e-broken", Image: "dev.local/not-there:latest", Pod: templates.Pod{PullPolicy: "Never"},
		StableWindow: 6 * time.Second, Timeout: 10 * time.Second,
	}
	if err := c.Create(t.Context(), ksvctest.Run, []templates.Service{spec}, nil); err != nil {
		t.Fatal(err)
	}
	target := reachable(t, c, spec.Name)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	began := time.Now()
	go func() { fireQuietly(ctx, target) }()
	err := c.AwaitTrouble(ctx, target)
	if err == nil {
		t.Fatal("AwaitTrouble saw none within 30 s")
	}
	t.Logf("after %v: %v; hint: %s", time.Since(began), err, ksvc.Hint(err))
}

func fireQuietly(ctx context.Context, target record.Target) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+target.Address+"/", nil)
	if err != nil {
		return
	}
	request.Host = target.Host
	if answer, err := http.DefaultClient.Do(request); err == nil {
		answer.Body.Close()
	}
}
