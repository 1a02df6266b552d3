package check

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/host"
)

// manyServices is the number of services from which on it shows in a cold start:
// service links, kube-proxy's rules and the ingress' configuration grow with it.
const manyServices = 200

// settings are those that move a cold start, some of them by seconds, but keep no run
// from working.
var settings = []check{
	{"existing-services", false, checkExistingServices},
	{"leftovers", false, checkLeftovers},
	{"service-links", false, checkServiceLinks},
	{"queue-proxy-resources", false, checkQueueProxy},
	{"activator-in-path", false, checkActivator},
	{"scale-to-zero-grace-period", false, checkGracePeriod},
	{"stable-window", false, checkStableWindow},
	{"tracing", false, checkTracing},
	{"progress-deadline", false, checkProgressDeadline},
	{"kube-proxy-sync-period", false, checkKubeProxy},
	{"cpu-governor", false, checkGovernor},
	{"cpu-boost", false, checkBoost},
}

var (
	adviseElsewhere  = ksvc.NewAdvice("measure in a namespace, or a cluster, without them")
	adviseClean      = ksvc.NewAdvice("if no run is under way, remove them with `kn-coldstart clean -n %s`")
	adviseLinks      = ksvc.NewAdvice("set enable-service-links: \"false\" in ConfigMap knative-serving/config-defaults")
	adviseQueueLimit = ksvc.NewAdvice("remove queue-sidecar-cpu-limit from ConfigMap knative-serving/config-deployment")
	adviseGrace      = ksvc.NewAdvice("for quicker runs set scale-to-zero-grace-period: 1s in ConfigMap knative-serving/config-autoscaler")
	adviseTracing    = ksvc.NewAdvice("its cost is part of every request; set tracing-protocol: none in ConfigMap knative-serving/config-observability if it is not wanted")
	adviseDeadline   = ksvc.NewAdvice("raise progress-deadline in ConfigMap knative-serving/config-deployment")
	adviseGovernor   = ksvc.NewAdvice("`cpupower frequency-set -g performance` for steadier numbers")
	adviseBoost      = ksvc.NewAdvice("switch it off for steadier numbers, and say so beside them")
)

func checkExistingServices(ctx context.Context, r *reader) record.Check {
	list, err := r.Serving.ServingV1().Services(r.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return unread(err)
	}
	if n := len(list.Items); n > manyServices {
		return warn(adviseElsewhere, "%d services are in namespace %s", n, r.Namespace)
	}
	return ok("%d in namespace %s", len(list.Items), r.Namespace)
}

func checkLeftovers(ctx context.Context, r *reader) record.Check {
	list, err := r.Serving.ServingV1().Services(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: ksvc.Selector()})
	if err != nil {
		return unread(err)
	}
	if len(list.Items) > 0 {
		return warn(adviseClean.With(r.Namespace), "%d services of other runs are in namespace %s", len(list.Items), r.Namespace)
	}
	return ok("no service of an earlier run")
}

func checkServiceLinks(ctx context.Context, r *reader) record.Check {
	value, err := r.setting(ctx, "config-defaults", "enable-service-links", "false")
	if err != nil {
		return unread(err)
	}
	if value == "true" {
		return warn(adviseLinks, "on for other services: each container gets variables for every service of its namespace (the run's own have it off)")
	}
	return ok("enable-service-links is %s, and off for the run's own services", value)
}

func checkQueueProxy(ctx context.Context, r *reader) record.Check {
	cpu, err := r.setting(ctx, "config-deployment", "queue-sidecar-cpu-request", "25m")
	if err != nil {
		return unread(err)
	}
	memory, _ := r.setting(ctx, "config-deployment", "queue-sidecar-memory-request", "none")
	limit, _ := r.setting(ctx, "config-deployment", "queue-sidecar-cpu-limit", "none")
	if limit != "none" {
		return warn(adviseQueueLimit, "queue-proxy is limited to %s of CPU, which slows its start", limit)
	}
	return ok("queue-proxy asks for %s of CPU and %s of memory; this bounds how many instances fit", cpu, memory)
}

func checkActivator(ctx context.Context, r *reader) record.Check {
	value, err := r.setting(ctx, "config-autoscaler", "target-burst-capacity", "211")
	if err != nil {
		return unread(err)
	}
	if value == "0" {
		return ok("target-burst-capacity is 0: the activator is in the path of cold requests only")
	}
	return ok("target-burst-capacity is %s: the activator stays in the path of warm requests, too", value)
}

func checkGracePeriod(ctx context.Context, r *reader) record.Check {
	grace, err := r.gracePeriod(ctx)
	if err != nil {
		return unread(err)
	}
	if grace > 5*time.Second {
		return warn(adviseGrace, "each return to zero takes %v longer than the stable window", grace)
	}
	return ok("%v", grace)
}

func checkStableWindow(ctx context.Context, r *reader) record.Check {
	window, err := r.duration(ctx, "config-autoscaler", "stable-window", time.Minute)
	if err != nil {
		return unread(err)
	}
	return ok("%v, unless --stable-window says otherwise", window)
}

func checkTracing(ctx context.Context, r *reader) record.Check {
	protocol, err := r.setting(ctx, ksvc.ObservabilityConfig, "tracing-protocol", "none")
	if err != nil {
		return unread(err)
	}
	if protocol == "none" {
		return ok("off")
	}
	rate, _ := r.setting(ctx, ksvc.ObservabilityConfig, "tracing-sampling-rate", "0")
	if share, _ := strconv.ParseFloat(rate, 64); share > 0 {
		return warn(adviseTracing, "%s of all requests are traced over %s", rate, protocol)
	}
	return ok("%s, but no request is sampled", protocol)
}

func checkProgressDeadline(ctx context.Context, r *reader) record.Check {
	deadline, err := r.duration(ctx, "config-deployment", "progress-deadline", 10*time.Minute)
	if err != nil {
		return unread(err)
	}
	if deadline < r.needs.ClientTimeout {
		return warn(adviseDeadline, "Knative gives an instance up after %v, before the client's timeout of %v", deadline, r.needs.ClientTimeout)
	}
	return ok("%v", deadline)
}

// ownHost is the host, if it is one of the cluster's nodes.
func (r *reader) ownHost(ctx context.Context) (host.Host, error) {
	nodes, err := r.allNodes(ctx)
	if err != nil {
		return host.Host{}, err
	}
	h := host.This()
	if !slices.ContainsFunc(nodes, func(n corev1.Node) bool { return h.Is(n) }) {
		return host.Host{}, errors.New("the nodes are other machines")
	}
	return h, nil
}

func checkGovernor(ctx context.Context, r *reader) record.Check {
	h, err := r.ownHost(ctx)
	if err == nil && h.Governor == "" {
		err = errors.New("the kernel offers no choice of CPU frequency governor here")
	}
	if err != nil {
		return unread(err)
	}
	if h.Governor != "performance" {
		return warn(adviseGovernor, "the CPU frequency governor is %s", h.Governor)
	}
	return ok("%s", h.Governor)
}

func checkBoost(ctx context.Context, r *reader) record.Check {
	h, err := r.ownHost(ctx)
	if err == nil && h.Boost == "" {
		err = errors.New("the kernel does not tell whether the CPU boosts its frequency")
	}
	if err != nil {
		return unread(err)
	}
	if h.Boost == "on" {
		return warn(adviseBoost, "CPU boost is %s", h.Boost)
	}
	return ok("%s", h.Boost)
}
