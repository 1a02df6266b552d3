package ksvc

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	authorization "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/templates"
)

// bench is a cluster on which every check passes, to be spoilt by a test.
type bench struct {
	configs   map[string]map[string]string
	classes   []string
	namespace bool
	knative   bool
	denied    []string // verb resource
	address   string
	options   CheckOptions
}

func newBench(t *testing.T) *bench {
	address, _ := listen(t)
	return &bench{
		configs: map[string]map[string]string{
			"config-features":      {"kubernetes.podspec-runtimeclassname": "enabled"},
			"config-autoscaler":    {"allow-zero-initial-scale": "true", "scale-to-zero-grace-period": "1s"},
			"config-defaults":      {},
			"config-deployment":    {},
			"config-observability": {},
			"config-network":       {},
		},
		classes: []string{"gvisor", "runc"}, namespace: true, knative: true, address: address,
		options: CheckOptions{Classes: []string{"runc"}, ClientTimeout: 100 * time.Second, IngressAddress: address},
	}
}

func (b *bench) fakes() *fakes {
	var objects []runtime.Object
	for _, name := range slices.Sorted(maps.Keys(b.configs)) {
		objects = append(objects, newConfigMap(name, b.configs[name]))
	}
	for _, name := range b.classes {
		objects = append(objects, &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Handler: name})
	}
	if b.namespace {
		objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: testSpace}})
	}
	objects = append(objects, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
		Name: "controller", Namespace: systemNamespace, Labels: map[string]string{labelVersion: "1.50.0"},
	}})
	f := newFakes(objects...)
	if b.knative {
		f.kube.Resources = []*metav1.APIResourceList{{GroupVersion: "serving.knative.dev/v1", APIResources: []metav1.APIResource{{Name: "services"}}}}
	}
	f.kube.PrependReactor("create", "selfsubjectaccessreviews", func(a clienttesting.Action) (bool, runtime.Object, error) {
		review := a.(clienttesting.CreateAction).GetObject().(*authorization.SelfSubjectAccessReview)
		asked := review.Spec.ResourceAttributes.Verb + " " + review.Spec.ResourceAttributes.Resource
		review.Status.Allowed = !slices.Contains(b.denied, asked)
		return true, review, nil
	})
	return f
}

func TestPreflight(t *testing.T) {
	tests := []struct {
		name    string
		spoil   func(*bench)
		check   string
		verdict Verdict
		message string
		hint    string
	}{
		{"Knative missing", func(b *bench) { b.knative = false }, "knative-serving", Fail, "not installed", "install Knative"},
		{"namespace missing", func(b *bench) { b.namespace = false }, "namespace", Fail, "namespace bench does not exist", "kubectl create namespace bench"},
		{"not permitted", func(b *bench) { b.denied = []string{"create services", "list nodes"} }, "permissions", Fail,
			"not allowed to create services.serving.knative.dev in bench; list nodes in the cluster", "rbac.yaml"},
		{"traces not permitted but not wanted", func(b *bench) { b.denied = []string{"patch configmaps"} }, "permissions", Pass, "all 26", ""},
		{"traces not permitted", func(b *bench) { b.denied, b.options.Traces = []string{"patch configmaps"}, true }, "permissions", Fail,
			"patch configmaps in knative-serving", "rbac.yaml"},
		{"feature off", func(b *bench) { b.configs["config-features"] = nil }, "runtime-class-feature", Fail, "is \"disabled\"",
			"kubectl patch configmap config-features -n knative-serving"},
		{"feature off, not needed", func(b *bench) { b.configs["config-features"], b.options.Classes = nil, nil }, "runtime-class-feature", Pass, "no RuntimeClass", ""},
		{"class missing", func(b *bench) { b.options.Classes = []string{"runc", "kata"} }, "runtime-classes", Fail, "RuntimeClass kata does not exist", "gvisor, runc"},
		{"initial scale", func(b *bench) { b.configs["config-autoscaler"] = nil }, "zero-initial-scale", Fail, "allow-zero-initial-scale", "config-autoscaler"},
		{"never to zero", func(b *bench) { b.configs["config-autoscaler"]["enable-scale-to-zero"] = "false" }, "scale-to-zero", Fail, "enable-scale-to-zero", ""},
		{"long timeout", func(b *bench) { b.options.ClientTimeout = time.Hour }, "revision-timeout", Warn, "504 after 10m0s", "--client-timeout"},
		{"ConfigMap missing", func(b *bench) { delete(b.configs, "config-defaults") }, "revision-timeout", Unread, "config-defaults", ""},
		{"ingress", func(b *bench) { b.options.IngressAddress = "127.0.0.1:1" }, "ingress", Fail, "connect to ingress address", "--ingress-address"},
		{"ingress nowhere to be found", func(b *bench) {
			b.options.IngressAddress, b.configs["config-network"] = "", map[string]string{"ingress-class": traefikClass}
		}, "ingress", Warn, "no gateway found", "--ingress-address"},
		{"gateway missing", func(b *bench) {
			b.options.IngressAddress, b.configs["config-network"] = "", map[string]string{"ingress-class": "kourier.ingress.networking.knative.dev"}
		}, "ingress", Fail, "no gateway found", "--ingress-address"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			test.spoil(b)
			found := b.fakes().Preflight(t.Context(), b.options)
			for _, c := range found {
				switch {
				case c.Name != test.check && c.Verdict == Fail:
					t.Errorf("check %s fails, too: %s", c.Name, c.Message)
				case c.Name == test.check && (c.Verdict != test.verdict || !strings.Contains(c.Message, test.message) || !strings.Contains(c.Hint, test.hint)):
					t.Errorf("check = %+v, want %s %q, hint %q", c, test.verdict, test.message, test.hint)
				}
			}
			if !slices.ContainsFunc(found, func(c Check) bool { return c.Name == test.check }) {
				t.Errorf("check %s was not made", test.check)
			}
		})
	}
}

func TestPreflightPassesAndChangesNothing(t *testing.T) {
	b := newBench(t)
	f := b.fakes()
	found := f.Preflight(t.Context(), b.options)
	if err := FailedChecks(found); err != nil || len(found) != len(preflightChecks) {
		t.Errorf("%d checks, %v, want all %d to pass", len(found), err, len(preflightChecks))
	}
	for _, a := range slices.Concat(f.kube.Actions(), f.serving.Actions(), f.networking.Actions()) {
		if v := a.GetVerb(); v != "get" && v != "list" && a.GetResource().Resource != "selfsubjectaccessreviews" {
			t.Errorf("preflight did %s %s", v, a.GetResource().Resource)
		}
	}
}

func TestPreflightWithoutAPIServer(t *testing.T) {
	c, err := Connect(Kubeconfig{Path: kubeconfig(t, "https://127.0.0.1:1")})
	if err != nil {
		t.Fatal(err)
	}
	found := c.Preflight(t.Context(), CheckOptions{})
	if len(found) != 1 || found[0].Verdict != Fail || !strings.Contains(found[0].Message, "https://127.0.0.1:1 cannot be reached") {
		t.Errorf("checks = %+v, want one that fails and no other", found)
	}
	if err := FailedChecks(found); Hint(err) == "" {
		t.Errorf("FailedChecks = %v, want a hint", err)
	}
}

func TestDoctor(t *testing.T) {
	b := newBench(t)
	b.configs["config-observability"] = map[string]string{"tracing-protocol": "grpc", "tracing-sampling-rate": "0.5"}
	b.configs["config-defaults"] = map[string]string{"enable-service-links": "true"}
	b.configs["config-deployment"] = map[string]string{"queue-sidecar-cpu-limit": "100m", "progress-deadline": "10s"}
	b.configs["config-autoscaler"]["scale-to-zero-grace-period"] = "30s"
	want := map[string]Verdict{
		"existing-services": Pass, "leftovers": Pass, "service-links": Warn, "queue-proxy-resources": Warn,
		"activator-in-path": Pass, "scale-to-zero-grace-period": Warn, "stable-window": Pass, "tracing": Warn,
		"progress-deadline": Warn, "kube-proxy-sync-period": Unread, "cpu-governor": Unread, "cpu-boost": Unread,
	}
	got := map[string]Verdict{}
	for _, c := range b.fakes().Doctor(t.Context(), b.options)[len(preflightChecks):] {
		got[c.Name] = c.Verdict
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func TestFailedChecks(t *testing.T) {
	err := FailedChecks([]Check{{"a", Warn, "m", "h"}, {"b", Fail, "broken", "mend it"}, {"c", Fail, "too", "and this"}})
	if err == nil || err.Error() != "check b: broken\ncheck c: too" || Hint(err) != "mend it" {
		t.Errorf("FailedChecks = %v, hint %q", err, Hint(err))
	}
	if !errors.As(err, new(interface{ Hint() string })) || FailedChecks(nil) != nil {
		t.Error("no hint, or an error out of nothing")
	}
}

// TestRBACGrantsWhatPreflightAsksFor holds templates/rbac.yaml against the list
// of permissions, both ways.
func TestRBACGrantsWhatPreflightAsksFor(t *testing.T) {
	text, err := templates.RenderRBAC(templates.RBAC{Namespace: testSpace, ServiceAccount: "kn-coldstart"})
	if err != nil {
		t.Fatal(err)
	}
	granted := map[string]bool{}
	for _, document := range strings.Split(string(text), "\n---\n") {
		var role struct {
			metav1.TypeMeta   `json:",inline"`
			metav1.ObjectMeta `json:"metadata"`
			Rules             []rbacv1.PolicyRule `json:"rules"`
		}
		if err := yaml.Unmarshal([]byte(document), &role); err != nil {
			t.Fatal(err)
		}
		for _, rule := range role.Rules {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						granted[fmt.Sprintf("%s %s.%s in %q", verb, resource, group, role.Namespace)] = true
					}
				}
			}
		}
	}
	needed := map[string]bool{}
	for _, p := range permissions {
		for _, verb := range p.verbs {
			needed[fmt.Sprintf("%s %s.%s in %q", verb, p.resource, p.group, p.namespace(testSpace))] = true
		}
	}
	if diff := cmp.Diff(needed, granted); diff != "" {
		t.Errorf("permissions (-needed +granted):\n%s", diff)
	}
}
