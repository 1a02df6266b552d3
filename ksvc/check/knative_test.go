package check

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

func TestKnativeSettings(t *testing.T) {
	configs := map[string]map[string]string{
		"config-autoscaler": {
			"_example": "stable-window: 60s", "stable-window": "6s", "scale-to-zero-grace-period": "0.5m", "activator-capacity": "100.0",
			"target-burst-capacity": "-1", "enable-scale-to-zero": "true",
		},
		"config-deployment": {
			"queue-sidecar-image": "queue@sha256:1", "queue-sidecar-cpu-request": "0.025", "queue-sidecar-memory-request": "4Mi", "pod-is-always-schedulable": "True",
		},
		"config-network":  {"ingress-class": "kourier", "system-internal-tls": "Enabled", "mesh-compatibility-mode": "auto"},
		"config-features": {"secure-pod-defaults": "Enabled", "kubernetes.podspec-runtimeclassname": "enabled"},
		"config-defaults": {"revision-cpu-request": "400m"},
		"config-observability": {
			"tracing-protocol": "grpc", "tracing-endpoint": "http://user:password@collector", "metrics-protocol": "none", "request-metrics-protocol": "prometheus",
		},
	}
	activator := ksvctest.NewActivator()
	activator.Spec.Template.Spec.Containers = []corev1.Container{
		{Name: "mesh", Resources: corev1.ResourceRequirements{Limits: quantities("cpu", "9")}},
		{Name: ksvc.Activator, Resources: corev1.ResourceRequirements{Requests: quantities("memory", "60Mi", "cpu", "300m"), Limits: quantities("cpu", "1")}},
	}
	r := newReader(newFakes(configs, activator).Client, record.Needs{})
	var got record.Fingerprint
	if err := r.describeKnative(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	want := record.Fingerprint{
		KnativeSettings: map[string]string{
			"config-autoscaler/stable-window": "6s", "config-autoscaler/target-burst-capacity": "-1",
			"config-deployment/queue-sidecar-memory-request": "4Mi", "config-deployment/pod-is-always-schedulable": "True",
			"config-network/system-internal-tls": "Enabled", "config-features/secure-pod-defaults": "Enabled",
			"config-defaults/revision-cpu-request":  "400m",
			"config-observability/tracing-protocol": "grpc", "config-observability/request-metrics-protocol": "prometheus",
		},
		QueueProxyImage: "queue@sha256:1",
		Activator:       "replicas=1 requests cpu=300m,memory=60Mi limits cpu=1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fingerprint (-want +got):\n%s", diff)
	}
}

// What cannot be read is named, and is not taken for what is not set.
func TestUnreadOfTheFingerprint(t *testing.T) {
	b := newBench(t)
	delete(b.configs, "config-features")
	b.needs.RuntimeClasses = nil
	f := b.fakes()
	for _, resource := range []string{"limitranges", "resourcequotas"} {
		ksvctest.Refuse(&f.Kube.Fake, "list", resource, errors.New(resource+" are hidden"))
	}
	found, err := Survey(t.Context(), f.Client, b.needs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"config-features", "limitRanges", "resourceQuotas"}, found.Cluster.Unread); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	if found.Cluster.LimitRanges != nil || found.Cluster.ResourceQuotas != nil || found.Cluster.KnativeSettings["config-autoscaler/scale-to-zero-grace-period"] != "1s" {
		t.Errorf("fingerprint %+v, want nothing of what is unread and the rest", found.Cluster)
	}
	last := found.Checks[len(found.Checks)-1]
	for _, part := range []string{"config-features", "limitranges are hidden", "resourcequotas are hidden"} {
		if last.Verdict != record.CheckWarn || !strings.Contains(last.Message, part) {
			t.Errorf("check %+v, want a warning that names %q", last, part)
		}
	}
}

func TestUnreadDeployments(t *testing.T) {
	b := newBench(t)
	f := b.fakes()
	ksvctest.Refuse(&f.Kube.Fake, "list", "deployments", errors.New("deployments are hidden"))
	found, _ := Survey(t.Context(), f.Client, b.needs)
	if diff := cmp.Diff([]string{"activator"}, found.Cluster.Unread); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
}

func TestSameSetting(t *testing.T) {
	for _, pair := range [][2]string{{"60s", "1m"}, {"100", "100.0"}, {"1000m", "1"}, {"Enabled", "enabled"}, {" a ", "a"}, {"", ""}} {
		if !sameSetting(pair[0], pair[1]) {
			t.Errorf("%q and %q are not the same", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"60s", "60"}, {"100", ""}, {"kpa", "hpa"}, {"60s", "61s"}, {"4Mi", "4M"}} {
		if sameSetting(pair[0], pair[1]) {
			t.Errorf("%q and %q are the same", pair[0], pair[1])
		}
	}
}
