package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	netconfig "knative.dev/networking/pkg/config"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// configSettings are settings of one of Knative's ConfigMaps, each with the value that
// Knative takes where the ConfigMap has none.
type configSettings struct {
	configMap string
	defaults  map[string]string
}

// movers are the settings that move a cold start. The default beside each is the one in
// Knative's code. The values under _example in the ConfigMaps do not serve for this:
// some of them, such as those of tracing, are samples and not defaults.
//
// The ingress class and the image of queue-proxy have fields of their own in the
// fingerprint. Addresses, templates and certificates are left out, because they may
// hold a password or a token.
var movers = []configSettings{
	// How soon the autoscaler asks for an instance and for how many, whether requests
	// pass the activator, and how long an instance stays.
	{ksvc.AutoscalerConfig, map[string]string{
		"activator-capacity": "100", "target-burst-capacity": "211",
		"container-concurrency-target-default": "100", "container-concurrency-target-percentage": "70",
		"requests-per-second-target-default": "200", "pod-autoscaler-class": "kpa.autoscaling.knative.dev",
		"stable-window": "60s", "panic-window-percentage": "10", "panic-threshold-percentage": "200",
		"max-scale-up-rate": "1000", "max-scale-down-rate": "2",
		"initial-scale": "1", "min-scale": "0", "max-scale": "0", "max-scale-limit": "0",
		"scale-to-zero-grace-period": "30s", "scale-to-zero-pod-retention-period": "0s", "scale-down-delay": "0s",
	}},
	// What queue-proxy may use while it starts, which volumes the kubelet mounts for it,
	// where instances are put, and whether a tag is asked of its registry: an image
	// whose tag was not resolved to a digest may be asked for at each start.
	{ksvc.DeploymentConfig, map[string]string{
		"queue-sidecar-cpu-request": "25m", "queue-sidecar-cpu-limit": "",
		"queue-sidecar-memory-request": "", "queue-sidecar-memory-limit": "",
		"queue-sidecar-ephemeral-storage-request": "", "queue-sidecar-ephemeral-storage-limit": "",
		"queue-sidecar-token-audiences":     "",
		"registries-skipping-tag-resolving": "kind.local,ko.local,dev.local", "digest-resolution-timeout": "10s",
		"default-affinity-type": "prefer-spread-revision-over-nodes", "runtime-class-name": "",
		"pod-is-always-schedulable": "false", "progress-deadline": "600s",
	}},
	// Handshakes between the ingress, the activator and queue-proxy, redirects, and
	// whether the activator also tries the address of a Service that does not answer
	// yet. The keys that are deprecated still have an effect.
	{netconfig.ConfigMapName, map[string]string{
		netconfig.MeshCompatibilityModeKey: "auto", netconfig.EnableMeshPodAddressabilityKey: "false",
		netconfig.SystemInternalTLSKey: "disabled", netconfig.InternalEncryptionKey: "false",
		netconfig.ClusterLocalDomainTLSKey: "disabled", netconfig.ExternalDomainTLSKey: "disabled",
		netconfig.AutoTLSKey: "disabled", netconfig.HTTPProtocolKey: "enabled",
	}},
	// What Knative adds to each pod: a security context, which costs seccomp filters, a
	// volume, limits for queue-proxy, and probes of further containers.
	{ksvc.FeaturesConfig, map[string]string{
		"secure-pod-defaults": "disabled", "multi-container-probing": "disabled",
		"queueproxy.mount-podinfo": "disabled", "queueproxy.resource-defaults": "disabled",
		"tag-header-based-routing": "disabled",
	}},
	// What a container gets that asks for nothing.
	{ksvc.DefaultsConfig, map[string]string{
		"revision-cpu-request": "", "revision-cpu-limit": "",
		"revision-memory-request": "", "revision-memory-limit": "",
		"revision-ephemeral-storage-request": "", "revision-ephemeral-storage-limit": "",
		"container-concurrency": "0", "enable-service-links": "false",
	}},
	// What queue-proxy and the activator do for each request, and which exporters
	// queue-proxy connects before it serves. The last two keys are of older versions.
	{ksvc.ObservabilityConfig, map[string]string{
		"tracing-protocol": "none", "tracing-sampling-rate": "0",
		"metrics-protocol": "none", "request-metrics-protocol": "none", "runtime-profiling": "disabled",
		"logging.enable-request-log": "false", "logging.enable-probe-request-log": "false",
		"logging.enable-var-log-collection": "false",
		"metrics.backend-destination":       "prometheus", "metrics.request-metrics-backend-destination": "",
	}},
}

// describeKnative adds what of Knative moves cold starts. The error says what could not
// be read; the fingerprint names it too.
func (r *reader) describeKnative(ctx context.Context, f *record.Fingerprint) error {
	var errs []error
	for _, m := range movers {
		data, err := r.config(ctx, m.configMap)
		if err != nil {
			errs = append(errs, err)
			f.Unread = append(f.Unread, m.configMap)
			continue
		}
		if f.KnativeSettings == nil {
			f.KnativeSettings = map[string]string{}
		}
		for key, ownValue := range m.defaults {
			if value, set := data[key]; set && !sameSetting(value, ownValue) {
				f.KnativeSettings[m.configMap+"/"+key] = value
			}
		}
		f.QueueProxyImage += data["queue-sidecar-image"] // only config-deployment has it
	}
	deployments, err := r.systemDeployments(ctx)
	if err != nil {
		f.Unread = append(f.Unread, "activator") // the reading of Knative's version tells why
		return errors.Join(errs...)
	}
	at := slices.IndexFunc(deployments, func(d appsv1.Deployment) bool { return d.Name == ksvc.Activator })
	if at >= 0 {
		f.Activator = describeActivator(deployments[at])
	}
	return errors.Join(errs...)
}

// sameSetting says whether two values mean the same, however they are written: 60s is
// 1m, 100 is 100.0, and Enabled is enabled.
func sameSetting(a, b string) bool {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	if strings.EqualFold(a, b) {
		return true
	}
	// 1000m is a duration and a quantity, so both of the pair have to be of one kind.
	d, errD := time.ParseDuration(a)
	e, errE := time.ParseDuration(b)
	if errD == nil && errE == nil {
		return d == e
	}
	p, errP := resource.ParseQuantity(a)
	q, errQ := resource.ParseQuantity(b)
	return errP == nil && errQ == nil && p.Cmp(q) == 0
}

func describeActivator(d appsv1.Deployment) string {
	replicas := int32(1) // what Kubernetes makes of an absent number
	if d.Spec.Replicas != nil {
		replicas = *d.Spec.Replicas
	}
	text := fmt.Sprintf("replicas=%d", replicas)
	for _, c := range d.Spec.Template.Spec.Containers {
		if c.Name == ksvc.Activator {
			text += listed(" requests", c.Resources.Requests) + listed(" limits", c.Resources.Limits)
		}
	}
	return text
}

// listed writes quantities in the order of their names, after what they are. It is
// empty if there are none.
func listed(what string, list corev1.ResourceList) string {
	if len(list) == 0 {
		return ""
	}
	var parts []string
	for name, quantity := range list {
		parts = append(parts, fmt.Sprintf("%s=%s", name, quantity.String()))
	}
	slices.Sort(parts)
	return what + " " + strings.Join(parts, ",")
}

// systemDeployments are those in Knative's namespace.
func (r *reader) systemDeployments(ctx context.Context) ([]appsv1.Deployment, error) {
	return r.deployments.get(func() ([]appsv1.Deployment, error) {
		list, err := r.Kubernetes.AppsV1().Deployments(ksvc.SystemNamespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		return list.Items, nil
	})
}
