package ksvc

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// manyServices is from where on their number shows in a cold start: service
// links, kube-proxy's rules and the ingress' configuration grow with it.
const manyServices = 200

// doctorChecks are the settings that move a cold start, some of them by seconds,
// without keeping a run from working.
var doctorChecks = []check{
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

// Doctor looks at everything that Preflight does, and at the settings that move
// the numbers.
func (c *Client) Doctor(ctx context.Context, o CheckOptions) []Check {
	s := &survey{Client: c, options: o, configs: map[string]configRead{}}
	return s.run(ctx, slices.Concat(preflightChecks, doctorChecks))
}

func checkExistingServices(ctx context.Context, s *survey) Check {
	list, err := s.Serving.ServingV1().Services(s.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return unread(err)
	}
	if n := len(list.Items); n > manyServices {
		return warn("measure in a namespace, or a cluster, without them", "%d services are in namespace %s", n, s.Namespace)
	}
	return ok("%d in namespace %s", len(list.Items), s.Namespace)
}

func checkLeftovers(ctx context.Context, s *survey) Check {
	list, err := s.Serving.ServingV1().Services(s.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector("")})
	if err != nil {
		return unread(err)
	}
	if len(list.Items) > 0 {
		return warn("if no run is under way, remove them with `kn-coldstart clean -n "+s.Namespace+"`",
			"%d services of other runs are in namespace %s", len(list.Items), s.Namespace)
	}
	return ok("no service of an earlier run")
}

func checkServiceLinks(ctx context.Context, s *survey) Check {
	value, err := s.setting(ctx, "config-defaults", "enable-service-links", "false")
	if err != nil {
		return unread(err)
	}
	if value == "true" {
		return warn("set enable-service-links: \"false\" in ConfigMap knative-serving/config-defaults",
			"on for other services: each container gets variables for every service of its namespace (the run's own have it off)")
	}
	return ok("enable-service-links is %s, and off for the run's own services", value)
}

func checkQueueProxy(ctx context.Context, s *survey) Check {
	cpu, err := s.setting(ctx, "config-deployment", "queue-sidecar-cpu-request", "25m")
	if err != nil {
		return unread(err)
	}
	memory, _ := s.setting(ctx, "config-deployment", "queue-sidecar-memory-request", "none")
	limit, _ := s.setting(ctx, "config-deployment", "queue-sidecar-cpu-limit", "none")
	if limit != "none" {
		return warn("remove queue-sidecar-cpu-limit from ConfigMap knative-serving/config-deployment",
			"queue-proxy is limited to %s of CPU, which slows its start", limit)
	}
	return ok("queue-proxy asks for %s of CPU and %s of memory; this bounds how many instances fit", cpu, memory)
}

func checkActivator(ctx context.Context, s *survey) Check {
	value, err := s.setting(ctx, "config-autoscaler", "target-burst-capacity", "211")
	if err != nil {
		return unread(err)
	}
	if value == "0" {
		return ok("target-burst-capacity is 0: the activator is in the path of cold requests only")
	}
	return ok("target-burst-capacity is %s: the activator stays in the path of warm requests, too", value)
}

// duration reads a setting that is a duration.
func (s *survey) duration(ctx context.Context, configMap, key, fallback string) (time.Duration, error) {
	value, err := s.setting(ctx, configMap, key, fallback)
	if err != nil {
		return 0, err
	}
	return time.ParseDuration(value)
}

func checkGracePeriod(ctx context.Context, s *survey) Check {
	grace, err := s.duration(ctx, "config-autoscaler", "scale-to-zero-grace-period", "30s")
	if err != nil {
		return unread(err)
	}
	if grace > 5*time.Second {
		return warn("for quicker runs set scale-to-zero-grace-period: 1s in ConfigMap knative-serving/config-autoscaler",
			"each return to zero takes %v longer than the stable window", grace)
	}
	return ok("%v", grace)
}

func checkStableWindow(ctx context.Context, s *survey) Check {
	window, err := s.duration(ctx, "config-autoscaler", "stable-window", "60s")
	if err != nil {
		return unread(err)
	}
	return ok("%v, unless --stable-window says otherwise", window)
}

func checkTracing(ctx context.Context, s *survey) Check {
	protocol, err := s.setting(ctx, observabilityConfig, "tracing-protocol", "none")
	if err != nil {
		return unread(err)
	}
	if protocol == "none" {
		return ok("off")
	}
	rate, _ := s.setting(ctx, observabilityConfig, "tracing-sampling-rate", "0")
	if share, _ := strconv.ParseFloat(rate, 64); share > 0 {
		return warn("its cost is part of every request; set tracing-protocol: none in ConfigMap knative-serving/config-observability if it is not wanted",
			"%s of all requests are traced over %s", rate, protocol)
	}
	return ok("%s, but no request is sampled", protocol)
}

func checkProgressDeadline(ctx context.Context, s *survey) Check {
	deadline, err := s.duration(ctx, "config-deployment", "progress-deadline", "600s")
	if err != nil {
		return unread(err)
	}
	if deadline < s.options.ClientTimeout {
		return warn("raise progress-deadline in ConfigMap knative-serving/config-deployment",
			"Knative gives an instance up after %v, before the client's timeout of %v", deadline, s.options.ClientTimeout)
	}
	return ok("%v", deadline)
}

// processor is this machine's, if it is the cluster's only node.
func (s *survey) processor(ctx context.Context) (machine, error) {
	nodes, err := s.Kubernetes.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return machine{}, err
	}
	m := thisMachine(os.DirFS("/"))
	if !slices.ContainsFunc(nodes.Items, func(n corev1.Node) bool { return m.is(n) }) {
		return machine{}, errors.New("the nodes are other machines")
	}
	return m, nil
}

func checkGovernor(ctx context.Context, s *survey) Check {
	m, err := s.processor(ctx)
	if err == nil && m.governor == "" {
		err = errors.New("the kernel offers no choice of CPU frequency governor here")
	}
	if err != nil {
		return unread(err)
	}
	if m.governor != "performance" {
		return warn("`cpupower frequency-set -g performance` for steadier numbers", "the CPU frequency governor is %s", m.governor)
	}
	return ok("%s", m.governor)
}

func checkBoost(ctx context.Context, s *survey) Check {
	m, err := s.processor(ctx)
	if err == nil && m.boost == "" {
		err = errors.New("the kernel does not tell whether the CPU boosts its frequency")
	}
	if err != nil {
		return unread(err)
	}
	if m.boost == "on" {
		return warn("switch it off for steadier numbers, and say so beside them", "CPU boost is %s", cmp.Or(m.boost, "unknown"))
	}
	return ok("%s", m.boost)
}
