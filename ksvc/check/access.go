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

var adviseGrant = ksvc.NewAdvice("have an administrator run `kn-coldstart rbac -n %s%s --service-account NAME | kubectl apply -f -`, and run as that service account")

// adviseGranting is what to do if permissions are missing.
func adviseGranting(r *reader) ksvc.Advice {
	missing := Grant{Traces: r.needs.Traces, Workers: r.needs.Workers.Count > 0}
	return adviseGrant.With(r.Namespace, missing.Flags())
}

// access is one question to the API server: may I do this?
type access struct {
	namespace, group, resource, name, verb string
}

// needed are the questions about all that a run cannot do without.
func needed(namespace string, needs record.Needs) []access {
	var all []access
	for _, role := range roles(namespace) {
		for _, p := range role.permissions {
			if role.need.of(needs) && p.need.of(needs) {
				all = append(all, p.questions(role.namespace)...)
			}
		}
	}
	return all
}

func (p permission) questions(namespace string) []access {
	names := p.names
	if len(names) == 0 {
		names = []string{""} // any
	}
	var all []access
	for _, verb := range p.verbs {
		for _, name := range names {
			all = append(all, access{namespace, p.group, p.resource, name, verb})
		}
	}
	return all
}

// checkPermissions asks the API server about each verb that a run cannot do without.
func checkPermissions(ctx context.Context, r *reader) record.Check {
	var missing []string
	questions := needed(r.Namespace, r.needs)
	for _, a := range questions {
		allowed, err := r.allowed(ctx, a)
		if err != nil {
			return unread(fmt.Errorf("ask for permissions: %w", err))
		}
		if !allowed {
			missing = append(missing, a.String())
		}
	}
	if len(missing) > 0 {
		return fail(adviseGranting(r), "not allowed to %s", strings.Join(missing, "; "))
	}
	return ok("all %d that are needed", len(questions))
}

// String names the verb, the resource and where it is.
func (a access) String() string {
	resource := a.resource
	if a.group != "" {
		resource += "." + a.group
	}
	if a.name != "" {
		resource += "/" + a.name
	}
	if a.namespace != "" {
		return fmt.Sprintf("%s %s in %s", a.verb, resource, a.namespace)
	}
	return fmt.Sprintf("%s %s in the cluster", a.verb, resource)
}

func (r *reader) allowed(ctx context.Context, a access) (bool, error) {
	resource, sub, _ := strings.Cut(a.resource, "/")
	review := &authorization.SelfSubjectAccessReview{Spec: authorization.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorization.ResourceAttributes{
			Namespace: a.namespace, Group: a.group, Resource: resource, Subresource: sub, Name: a.name, Verb: a.verb,
		},
	}}
	answer, err := r.Kubernetes.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return answer.Status.Allowed, nil
}
