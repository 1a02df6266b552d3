package check

import (
	netconfig "knative.dev/networking/pkg/config"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/autoscaler"
)

// role is what is granted together. A role without a namespace is for the whole cluster.
type role struct {
	name, namespace string
	need            need
	about           []string // lines of a comment
	permissions     []permission
}

// permission is to use verbs on a resource. If there are names, those of objects with
// these names are enough.
type permission struct {
	group, resource string
	names, verbs    []string
	need            need
}

// need says what a permission is for.
type need int

const (
	forAll      need = iota
	forCreating      // runs that create services need it
	forHolding       // runs that have something in the cluster need it: services, or workers
	forTraces        // only --traces needs it
	forWorkers       // only --workers needs it
	forUsage         // without it a run goes on, but lacks what instances on other hosts use
	forMore          // without it a run goes on, and its record or doctor says what could not be read
)

// of says whether a run cannot do without.
func (n need) of(needs record.Needs) bool {
	switch n {
	case forAll:
		return true
	case forCreating:
		return len(needs.Services) == 0
	case forHolding:
		return len(needs.Services) == 0 || needs.Workers.Count > 0
	case forTraces:
		return needs.Traces
	case forWorkers:
		return needs.Workers.Count > 0
	}
	return false
}

// roles are all permissions that the program uses with services in a namespace. The
// manifests and the check of permissions are both made of them.
func roles(namespace string) []role {
	return []role{
		{name: "kn-coldstart", namespace: namespace, permissions: namespacePermissions(namespace), about: []string{
			"In the namespace of the runs: create, watch and delete their services. A lease says that",
			"a run is under way. Whoever may create services can start pods here as any service account",
			"of this namespace.",
		}},
		{name: "kn-coldstart", namespace: ksvc.SystemNamespace, permissions: systemPermissions, about: []string{
			"In Knative's own namespace: read the settings and versions, and see what goes down.",
		}},
		{name: "kn-coldstart", namespace: "kube-system", permissions: proxyPermissions, about: []string{
			"For doctor only: how late kube-proxy may be.",
		}},
		{name: "kn-coldstart", permissions: clusterPermissions, about: []string{
			"In the whole cluster: what the runs are measured on, and where its ingress is.",
		}},
		{name: "kn-coldstart-traces", namespace: ksvc.SystemNamespace, need: forTraces, permissions: tracesPermissions, about: []string{
			"For --traces: switch Knative's tracing on and back, and restart the activator. Leave it out",
			"of clusters that others use: whoever may patch the activator's deployment can have it run",
			"another image, as any service account of this namespace.",
		}},
		{name: "kn-coldstart-workers", namespace: namespace, need: forWorkers, permissions: workersPermissions, about: []string{
			"For --workers: a Job whose pods send the requests, a Secret with the token by which they know",
			"this program, and a way to them. Whoever may use pods/proxy reaches every port of every pod of",
			"this namespace.",
		}},
		{name: "kn-coldstart-usage", need: forUsage, permissions: usagePermissions, about: []string{
			"What instances use of memory and CPU, read from the kubelets, where the node is not the",
			"machine that kn-coldstart runs on. Without it a run goes on, and its report has no memory",
			"per instance. Leave it out of clusters that others use: the kubelet takes a GET that opens",
			"a stream as well, so whoever may get nodes/proxy can also run commands in every pod.",
		}},
	}
}

func namespacePermissions(namespace string) []permission {
	read, follow := []string{"get", "list", "watch"}, []string{"list", "watch"}
	return []permission{
		{resource: "namespaces", names: []string{namespace}, verbs: []string{"get"}},
		{group: "serving.knative.dev", resource: "services", verbs: read},
		{group: "serving.knative.dev", resource: "services", verbs: []string{"create", "delete"}, need: forCreating},
		{group: "coordination.k8s.io", resource: "leases", verbs: []string{"create", "delete", "get", "list", "update"}, need: forHolding},
		{resource: "pods", verbs: follow},
		{resource: "events", verbs: follow},
		{group: "apps", resource: "deployments", verbs: follow},
		{group: "autoscaling.internal.knative.dev", resource: "podautoscalers", verbs: follow},
		{group: "networking.internal.knative.dev", resource: "serverlessservices", verbs: follow},
		{group: "networking.internal.knative.dev", resource: "ingresses", verbs: []string{"get", "list"}},
		// How services come and go.
		{group: "networking.internal.knative.dev", resource: "ingresses", verbs: []string{"watch"}, need: forMore},
		{group: "serving.knative.dev", resource: "configurations", verbs: follow, need: forMore},
		{group: "serving.knative.dev", resource: "revisions", verbs: follow, need: forMore},
		{group: "serving.knative.dev", resource: "routes", verbs: follow, need: forMore},
		{resource: "limitranges", verbs: []string{"list"}, need: forMore},
		{resource: "resourcequotas", verbs: []string{"list"}, need: forMore},
	}
}

var systemPermissions = []permission{
	{resource: "configmaps", verbs: []string{"get"}, names: []string{
		ksvc.AutoscalerConfig, ksvc.DefaultsConfig, ksvc.DeploymentConfig, ksvc.DomainConfig, ksvc.FeaturesConfig,
		netconfig.ConfigMapName, ksvc.ObservabilityConfig,
	}},
	// Where an ingress has its gateway. Each ingress has but one of them.
	{resource: "configmaps", verbs: []string{"get"}, names: []string{"config-contour", "config-gateway", "config-istio"}, need: forMore},
	{group: "apps", resource: "deployments", verbs: []string{"list", "watch"}},
	// The autoscaler's metrics, which say when it is in its panic mode.
	{resource: "services/proxy", verbs: []string{"get"}, names: []string{autoscaler.Service}, need: forMore},
}

var proxyPermissions = []permission{
	{resource: "configmaps", verbs: []string{"get"}, names: []string{"kube-proxy"}, need: forMore},
}

var clusterPermissions = []permission{
	{resource: "services", verbs: []string{"get"}}, // a gateway may have any name in any namespace
	{resource: "nodes", verbs: []string{"list", "watch"}},
	{group: "node.k8s.io", resource: "runtimeclasses", verbs: []string{"list"}},
}

var tracesPermissions = []permission{
	{resource: "configmaps", verbs: []string{"patch"}, names: []string{ksvc.ObservabilityConfig}},
	{group: "apps", resource: "deployments", verbs: []string{"get", "patch"}, names: []string{ksvc.Activator}},
	// An object that is created cannot be told by its name.
	{group: "coordination.k8s.io", resource: "leases", verbs: []string{"create"}},
	{group: "coordination.k8s.io", resource: "leases", verbs: []string{"delete", "get", "update"}, names: []string{ksvc.TracingLease}},
}

var workersPermissions = []permission{
	{group: "batch", resource: "jobs", verbs: []string{"create", "delete", "list", "patch"}},
	{resource: "secrets", verbs: []string{"create"}},
	{resource: "pods/proxy", verbs: []string{"create"}},
}

var usagePermissions = []permission{
	{resource: "nodes/proxy", verbs: []string{"get"}},
}
