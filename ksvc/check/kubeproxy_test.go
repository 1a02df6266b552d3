package check

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestKubeProxy(t *testing.T) {
	for _, c := range []struct {
		name    string
		data    map[string]string
		verdict record.CheckVerdict
		says    string
	}{
		{"kubeadm's defaults", map[string]string{"config.conf": "kind: KubeProxyConfiguration\nmode: \"\"\niptables: {minSyncPeriod: 0s, syncPeriod: 0s}\n"}, record.CheckOK, "mode iptables it rewrites its rules at most 1s"},
		{"quicker", map[string]string{"config.conf": "mode: nftables\nnftables: {minSyncPeriod: 100ms}\niptables: {minSyncPeriod: 10s}\n"}, record.CheckOK, "mode nftables it rewrites its rules at most 100ms"},
		{"ipvs", map[string]string{"config.conf": "mode: ipvs\n"}, record.CheckOK, "mode ipvs it rewrites its rules at most 0s"},
		{"slow", map[string]string{"config.conf": "mode: iptables\niptables: {minSyncPeriod: 10s}\n"}, record.CheckWarn, "10s late"},
		{"another's ConfigMap", map[string]string{"kube-proxy.yaml": "mode: iptables\n"}, record.CheckUnread, "kubeadm"},
		{"no YAML", map[string]string{"config.conf": "mode: ["}, record.CheckUnread, "config.conf"},
		{"no ConfigMap", nil, record.CheckUnread, "kubeadm"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newBench(t).fakes()
			if c.data != nil {
				m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-proxy"}, Data: c.data}
				if err := f.Kube.Tracker().Add(m); err != nil {
					t.Fatal(err)
				}
			}
			got := checkKubeProxy(t.Context(), newReader(f.Client, record.Needs{}))
			if got.Verdict != c.verdict || !strings.Contains(got.Message, c.says) {
				t.Errorf("got %+v, want %s and %q", got, c.verdict, c.says)
			}
		})
	}
}
