package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/check"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// grantedRole is a role of the manifests. used says which of its verbs were needed.
type grantedRole struct {
	Metadata metav1.ObjectMeta
	Rules    []rbacv1.PolicyRule
	used     map[string]bool
}

func grantedRoles(t *testing.T) []*grantedRole {
	t.Helper()
	text, err := check.Grant{Namespace: ksvctest.Space, ServiceAccount: "ci", Traces: true, Workers: true, Usage: true}.Manifests()
	if err != nil {
		t.Fatal(err)
	}
	var all []*grantedRole
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		r := &grantedRole{used: map[string]bool{}}
		if err := yaml.Unmarshal([]byte(document), r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// allows is what the API server would say to a request.
func (r *grantedRole) allows(a clienttesting.Action) bool {
	namespace, name := a.GetNamespace(), ""
	if named, is := a.(interface{ GetName() string }); is && a.GetVerb() != "create" {
		name = named.GetName()
	}
	if a.GetResource().Resource == "namespaces" {
		namespace = name // so the API server sees it
	}
	if r.Metadata.Namespace != "" && r.Metadata.Namespace != namespace {
		return false
	}
	resource := strings.TrimSuffix(a.GetResource().Resource+"/"+a.GetSubresource(), "/")
	allowed := false
	for _, rule := range r.Rules {
		if slices.Contains(rule.APIGroups, a.GetResource().Group) && slices.Contains(rule.Resources, resource) &&
			slices.Contains(rule.Verbs, a.GetVerb()) && (len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, name)) {
			allowed = true
			r.used[use(rule, a.GetVerb())] = true
		}
	}
	return allowed
}

func use(rule rbacv1.PolicyRule, verb string) string {
	return fmt.Sprintf("%s %s %v", verb, rule.Resources[0], rule.ResourceNames)
}

// actions are all requests that were made, but for those that every account may make.
func actions(f *ksvctest.Fakes) []clienttesting.Action {
	open := []string{"selfsubjectaccessreviews", "version", "resource", "group"} // the latter are of discovery
	all := slices.Concat(f.Kube.Actions(), f.Serving.Actions(), f.Networking.Actions())
	return slices.DeleteFunc(all, func(a clienttesting.Action) bool { return slices.Contains(open, a.GetResource().Resource) })
}

// whatRunsAsk makes every kind of request that the commands make.
func whatRunsAsk(t *testing.T, ingressClass string, existing ...string) []clienttesting.Action {
	f := userCluster()
	ctx, c := t.Context(), New(f.Client)
	configs := f.Kube.CoreV1().ConfigMaps(ksvc.SystemNamespace)
	for name, data := range map[string]map[string]string{
		"config-network":         {"ingress-class": ingressClass + ".ingress.networking.knative.dev"},
		ksvc.AutoscalerConfig:    {"allow-zero-initial-scale": "true"},
		ksvc.ObservabilityConfig: {"tracing-protocol": "none"},
	} {
		_ = configs.Delete(ctx, name, metav1.DeleteOptions{}) // if it is there
		if err := f.Kube.Tracker().Add(ksvctest.NewConfigMap(name, data)); err != nil {
			t.Fatal(err)
		}
	}
	f.Kube.ClearActions()
	ingress, _ := ksvctest.Listen(t)
	_, err := c.Survey(ctx, record.Needs{Services: existing, ClientTimeout: time.Second, IngressAddress: ingress})
	failed := []error{err}
	c.Doctor(ctx, record.Needs{Services: existing, ClientTimeout: time.Second})
	_, _ = New(f.Client).Address(ctx, ksvctest.Service) // it is looked for, and there is no gateway
	failed = append(failed, c.StartWatch(ctx, ksvctest.Run, record.NewClock(), record.Patience{}, nil))
	if len(existing) == 0 {
		spec := templates.Service{Name: "h-2", Image: "x", StableWindow: 6 * time.Second, Timeout: 10 * time.Second}
		failed = append(failed, c.FollowDeployments(ctx, ksvctest.Run, record.NewClock()))
		defer c.StopDeployments()
		failed = append(failed, c.ClaimTraces(ctx, ksvctest.Run, nil))
		_, err = c.StartTraces(ctx, "127.0.0.1:0", nil, func(record.TraceSpan) {})
		failed = append(failed, err, c.Create(ctx, ksvctest.Run, []templates.Service{spec}, nil), c.StopTraces())
		_, err = c.RestoreTraces(ctx)
		failed = append(failed, err, c.StartWorkers(ctx, ksvctest.Run, record.Workers{Count: 1, Image: "tool"}))
		_, err = c.AwaitWorkers(ended(ctx), ksvctest.Run, nil, nil)
		if !errors.Is(err, context.Canceled) {
			failed = append(failed, fmt.Errorf("workers that are not there: %w", err))
		}
		failed = append(failed, f.Kube.Tracker().Add(readyWorker()))
		_, err = c.AwaitWorkers(ctx, ksvctest.Run, nil, nil)
		failed = append(failed, err, f.Kube.Tracker().Delete(corev1.SchemeGroupVersion.WithResource("pods"), ksvctest.Space, readyWorker().Name))
		c.WorkerState(ctx, "w")
		failed = append(failed, c.StopWorkers(ctx, ksvctest.Run))
	}
	if len(existing) == 0 {
		_, err = f.Client.Left(ctx, false)
		failed = append(failed, err)
	}
	c.StopWatch()
	if err := errors.Join(append(failed, c.Remove(ctx, ksvctest.Run, nil))...); err != nil {
		t.Fatal(err)
	}
	return actions(f)
}

// readyWorker is the pod of a worker that is Ready.
func readyWorker() *corev1.Pod {
	labels := ksvctest.Labels(ksvctest.Run)
	labels[ksvc.LabelWorker] = "true"
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ksvctest.Space, Name: "w", Labels: labels}}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	return p
}

// ended is a context that has ended.
func ended(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

// TestEveryRequestIsPermitted holds what the program asks of the API against what rbac
// grants, both ways: no request needs more, and nothing is granted that none needs.
func TestEveryRequestIsPermitted(t *testing.T) {
	roles := grantedRoles(t)
	asked := whatRunsAsk(t, "kourier", ksvctest.Service)
	for _, class := range []string{"kourier", "istio", "contour", "traefik"} {
		asked = append(asked, whatRunsAsk(t, class)...)
	}
	for _, a := range asked {
		allowed := false
		for _, r := range roles {
			allowed = r.allows(a) || allowed // more than one role may
		}
		if !allowed {
			t.Errorf("not granted: %s %s in %q", a.GetVerb(), a.GetResource(), a.GetNamespace())
		}
	}
	for _, r := range roles {
		for _, rule := range r.Rules {
			for _, verb := range rule.Verbs {
				if !r.used[use(rule, verb)] && !unseen[verb+" "+rule.Resources[0]] {
					t.Errorf("%s in %q grants what nothing asks for: %s", r.Metadata.Name, r.Metadata.Namespace, use(rule, verb))
				}
			}
		}
	}
}

// unseen are resources that are asked for, but not through the fakes.
var unseen = map[string]bool{
	"create pods/proxy":  true, // a plain request to a worker
	"get nodes/proxy":    true, // a plain request, see package usage
	"get services/proxy": true, // the same, see package autoscaler
	"update leases":      true, // only a run that lasts renews its lease
}

// The test above would miss a grant that is too narrow if every name would do.
func TestGrantsAreHeldToNames(t *testing.T) {
	resource := corev1.SchemeGroupVersion.WithResource("configmaps")
	for name, want := range map[string]bool{ksvc.ObservabilityConfig: true, "config-logging": false} {
		action := clienttesting.NewPatchAction(resource, ksvc.SystemNamespace, name, "", nil)
		if got := slices.ContainsFunc(grantedRoles(t), func(r *grantedRole) bool { return r.allows(action) }); got != want {
			t.Errorf("patch of %s: %v, want %v", name, got, want)
		}
	}
}
