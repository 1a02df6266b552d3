package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// labelPodSecurity says which pods the API server admits to a namespace. See
// https://kubernetes.io/docs/concepts/security/pod-security-admission/.
const labelPodSecurity = "pod-security.kubernetes.io/enforce"

const securePodDefaults = "secure-pod-defaults"

var (
	adviseOwnSecurity = ksvc.NewAdvice("give each container allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities that drop ALL and a seccompProfile of RuntimeDefault, or set secure-pod-defaults: enabled in ConfigMap knative-serving/config-features, which adds them")
	adviseNonRoot     = ksvc.NewAdvice("an image that runs as root does not start with it; give the image a USER that is a number")
)

// checkPodSecurity looks at whether the namespace admits the run's instances. The
// restricted profile demands a security context. The tool does not add one by itself,
// because it would take privileges from the function that is measured. Knative does so
// for every service if it is told to. queue-proxy always has one.
func checkPodSecurity(ctx context.Context, r *reader) record.Check {
	namespace, err := r.ownNamespace(ctx)
	if err != nil {
		return unread(err)
	}
	level := namespace.Labels[labelPodSecurity]
	if level == "" {
		return ok("namespace %s enforces no profile by its labels", r.Namespace)
	}
	if level != "restricted" {
		return ok("namespace %s enforces the profile %s", r.Namespace, level)
	}
	value, err := r.setting(ctx, ksvc.FeaturesConfig, securePodDefaults, "disabled")
	switch {
	case err != nil:
		return unread(err)
	case sameSetting(value, "enabled"):
		return warn(adviseNonRoot, "namespace %s enforces the profile restricted, and Knative runs each container as a user who is not root", r.Namespace)
	case r.needs.UserSpec:
		return warn(adviseOwnSecurity, "namespace %s enforces the profile restricted: a service whose containers have no security context gets no instance", r.Namespace)
	}
	// AllowRootBounded, the third value, leaves runAsNonRoot out, which the profile demands.
	return fail(advisePatch.With(ksvc.FeaturesConfig, securePodDefaults, "enabled"),
		"namespace %s enforces the profile restricted, and %s is %q in ConfigMap %s: no instance can be created", r.Namespace, securePodDefaults, value, ksvc.FeaturesConfig)
}

var adviseSidecar = ksvc.NewAdvice("measure in a namespace without injection, unless the sidecar is part of what you run")

// checkSidecars looks at whether a mesh puts a container of its own into each pod. The
// function's container is told from it by the name of its port, so a run works. But an
// instance is Ready only when the sidecar is.
func checkSidecars(ctx context.Context, r *reader) record.Check {
	namespace, err := r.ownNamespace(ctx)
	if err != nil {
		return unread(err)
	}
	if by := injection(namespace); len(by) > 0 {
		return warn(adviseSidecar, "a sidecar is injected into each pod of namespace %s (%s): its start is part of each cold start", r.Namespace, strings.Join(by, ", "))
	}
	return ok("none is injected by the labels and annotations of namespace %s", r.Namespace)
}

// injection are the labels and annotations of a namespace that have sidecars injected.
func injection(n *corev1.Namespace) []string {
	var found []string
	istio := n.Labels["istio-injection"]
	if istio == "enabled" {
		found = append(found, "label istio-injection=enabled")
	}
	// Istio takes istio-injection before the revision.
	if revision := n.Labels["istio.io/rev"]; revision != "" && istio == "" {
		found = append(found, "label istio.io/rev="+revision)
	}
	if value := n.Annotations["linkerd.io/inject"]; value == "enabled" || value == "ingress" {
		found = append(found, "annotation linkerd.io/inject="+value)
	}
	if value := n.Labels["kuma.io/sidecar-injection"]; value == "enabled" || value == "true" {
		found = append(found, "label kuma.io/sidecar-injection="+value)
	}
	return found
}

var adviseOneNode = ksvc.NewAdvice("for figures of nodes that have the image, load it into every node before the run, or leave one node schedulable with `kubectl cordon`")

// checkNodes looks at whether instances can land on several nodes. The discarded round
// fills the caches of those nodes only that it happens to land on.
func checkNodes(ctx context.Context, r *reader) record.Check {
	nodes, err := r.allNodes(ctx)
	if err != nil {
		return unread(err)
	}
	count := len(slices.DeleteFunc(slices.Clone(nodes), func(n corev1.Node) bool { return !schedulable(n) }))
	if count > 1 {
		return warn(adviseOneNode, "%d nodes take pods, and it is not known which of them the discarded first starts warm: a first start on another node may have to pull the image", count)
	}
	return ok("%s pods", takes(count))
}

func takes(nodes int) string {
	if nodes == 1 {
		return "1 node takes"
	}
	return fmt.Sprintf("%d nodes take", nodes)
}

// schedulable says whether a node takes pods that tolerate nothing.
func schedulable(n corev1.Node) bool {
	return !n.Spec.Unschedulable && !slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool {
		return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
	})
}
