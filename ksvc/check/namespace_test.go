package check

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestNamespace(t *testing.T) {
	restricted := map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}
	tests := []checkCase{
		{"no profile", func(*bench) {}, "pod-security", record.CheckOK, "no profile", ""},
		{"baseline", func(b *bench) { b.labels = map[string]string{"pod-security.kubernetes.io/enforce": "baseline"} }, "pod-security", record.CheckOK, "the profile baseline", ""},
		{"only warned of", func(b *bench) { b.labels = map[string]string{"pod-security.kubernetes.io/warn": "restricted"} }, "pod-security", record.CheckOK, "no profile", ""},
		{"restricted", func(b *bench) { b.labels = restricted }, "pod-security", record.CheckFail, "no instance can be created",
			`kubectl patch configmap config-features -n knative-serving --type merge -p '{"data":{"secure-pod-defaults":"enabled"}}'`},
		{"restricted, and root allowed", func(b *bench) {
			b.labels, b.configs["config-features"]["secure-pod-defaults"] = restricted, "AllowRootBounded"
		}, "pod-security", record.CheckFail, "AllowRootBounded", "secure-pod-defaults"},
		{"restricted, with Knative's secure defaults", func(b *bench) {
			b.labels, b.configs["config-features"]["secure-pod-defaults"] = restricted, "Enabled"
		}, "pod-security", record.CheckWarn, "not root", "USER"},
		{"restricted, with the user's spec", func(b *bench) { b.labels, b.needs.UserSpec = restricted, true }, "pod-security", record.CheckWarn, "no security context", "seccompProfile"},

		{"no sidecar", func(b *bench) { b.labels = map[string]string{"istio-injection": "disabled", "istio.io/rev": "canary"} }, "sidecars", record.CheckOK, "none", ""},
		{"Istio", func(b *bench) { b.labels = map[string]string{"istio-injection": "enabled"} }, "sidecars", record.CheckWarn, "istio-injection=enabled", "without injection"},
		{"a revision of Istio", func(b *bench) { b.labels = map[string]string{"istio.io/rev": "canary"} }, "sidecars", record.CheckWarn, "istio.io/rev=canary", "without injection"},
		{"Linkerd", func(b *bench) { b.notes = map[string]string{"linkerd.io/inject": "enabled"} }, "sidecars", record.CheckWarn, "linkerd.io/inject=enabled", "without injection"},
		{"Linkerd, switched off", func(b *bench) { b.notes = map[string]string{"linkerd.io/inject": "disabled"} }, "sidecars", record.CheckOK, "none", ""},
		{"Kuma", func(b *bench) { b.labels = map[string]string{"kuma.io/sidecar-injection": "enabled"} }, "sidecars", record.CheckWarn, "kuma.io", "without injection"},

		{"one node", func(b *bench) { b.objects = append(b.objects, newNode("a", "6.1", "")) }, "nodes", record.CheckOK, "1 node takes pods", ""},
		{"two nodes", func(b *bench) { b.objects = append(b.objects, newNode("a", "6.1", ""), newNode("b", "6.1", "")) }, "nodes", record.CheckWarn, "2 nodes take pods", "kubectl cordon"},
		{"one of three takes pods", func(b *bench) {
			control, cordoned := newNode("b", "6.1", ""), newNode("c", "6.1", "")
			control.Spec.Taints = []corev1.Taint{{Key: "node-role.kubernetes.io/control-plane", Effect: corev1.TaintEffectNoSchedule}}
			cordoned.Spec.Unschedulable = true
			b.objects = append(b.objects, newNode("a", "6.1", ""), control, cordoned)
		}, "nodes", record.CheckOK, "1 node takes pods", ""},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}
