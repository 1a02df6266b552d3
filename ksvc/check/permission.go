package check

import (
	"context"
	"fmt"
	"strings"

	authorization "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// scope says where a permission is needed.
type scope int

const (
	inNamespace scope = iota // the run's
	inSystem                 // Knative's own
	inCluster
)

// permission is one rule that the program needs. templates/rbac.yaml grants
// exactly these; a test compares the two.
type permission struct {
	scope    scope
	group    string
	resource string
	verbs    []string
	need     need
}

// need says what a permission is for.
type need int

const (
	forAll    need = iota
	forLease       // only runs that create services need it
	forTraces      // only --traces needs it
	forUsage       // without it a run goes on, but lacks what instances on other hosts use
	forLimits      // without it a run goes on, but the namespace's limits are not known
)

var permissions = []permission{
	{inNamespace, "serving.knative.dev", "services", []string{"create", "delete", "get", "list", "watch"}, forAll},
	{inNamespace, "coordination.k8s.io", "leases", []string{"create", "delete", "get", "list", "update"}, forLease},
	{inNamespace, "", "pods", []string{"list", "watch"}, forAll},
	{inNamespace, "", "events", []string{"list", "watch"}, forAll},
	{inNamespace, "apps", "deployments", []string{"list", "watch"}, forAll},
	{inNamespace, "autoscaling.internal.knative.dev", "podautoscalers", []string{"list", "watch"}, forAll},
	{inNamespace, "networking.internal.knative.dev", "serverlessservices", []string{"list", "watch"}, forAll},
	{inNamespace, "networking.internal.knative.dev", "ingresses", []string{"get", "list"}, forAll},
	{inNamespace, "", "limitranges", []string{"list"}, forLimits},
	{inNamespace, "", "resourcequotas", []string{"list"}, forLimits},
	{inSystem, "", "configmaps", []string{"get"}, forAll},
	{inSystem, "apps", "deployments", []string{"get", "list", "watch"}, forAll},
	{inSystem, "", "configmaps", []string{"patch"}, forTraces},
	{inSystem, "apps", "deployments", []string{"patch"}, forTraces},
	{inSystem, "coordination.k8s.io", "leases", []string{"create", "delete", "get", "update"}, forTraces},
	{inCluster, "", "namespaces", []string{"get"}, forAll},
	{inCluster, "", "services", []string{"get"}, forAll},
	{inCluster, "", "nodes", []string{"list", "watch"}, forAll},
	{inCluster, "", "nodes/proxy", []string{"get"}, forUsage},
	{inCluster, "node.k8s.io", "runtimeclasses", []string{"list"}, forAll},
}

// namespace is where the permission is needed, or "" for the whole cluster.
func (p permission) namespace(run string) string {
	switch p.scope {
	case inNamespace:
		return run
	case inSystem:
		return ksvc.SystemNamespace
	}
	return ""
}

var adviseGrant = ksvc.NewAdvice("have an administrator grant them: templates/rbac.yaml is a manifest that does")

// checkPermissions asks the API server about each rule that a run cannot do
// without.
func checkPermissions(ctx context.Context, r *reader) record.Check {
	var missing []string
	asked := 0
	for _, p := range permissions {
		if p.need == forUsage || p.need == forLimits || p.need == forTraces && !r.needs.Traces {
			continue
		}
		if p.need == forLease && len(r.needs.Services) > 0 {
			continue
		}
		for _, verb := range p.verbs {
			if p.need == forAll && len(r.needs.Services) > 0 && changes(verb) {
				continue // services that exist are only read
			}
			asked++
			allowed, err := r.allowed(ctx, p, verb)
			if err != nil {
				return unread(fmt.Errorf("ask for permissions: %w", err))
			}
			if !allowed {
				missing = append(missing, p.describe(verb, r.Namespace))
			}
		}
	}
	if len(missing) > 0 {
		return fail(adviseGrant, "not allowed to %s", strings.Join(missing, "; "))
	}
	return ok("all %d that are needed", asked)
}

// changes says whether a verb changes the cluster.
func changes(verb string) bool { return verb == "create" || verb == "delete" }

func (p permission) describe(verb, namespace string) string {
	resource := p.resource
	if p.group != "" {
		resource += "." + p.group
	}
	if where := p.namespace(namespace); where != "" {
		return fmt.Sprintf("%s %s in %s", verb, resource, where)
	}
	return fmt.Sprintf("%s %s in the cluster", verb, resource)
}

func (r *reader) allowed(ctx context.Context, p permission, verb string) (bool, error) {
	review := &authorization.SelfSubjectAccessReview{Spec: authorization.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorization.ResourceAttributes{
			Namespace: p.namespace(r.Namespace), Group: p.group, Resource: p.resource, Verb: verb,
		},
	}}
	answer, err := r.Kubernetes.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return answer.Status.Allowed, nil
}
