package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// proxyConfig is the part of kube-proxy's configuration that may delay a cold start.
type proxyConfig struct {
	Mode     string          `json:"mode"`
	IPTables proxySyncPeriod `json:"iptables"`
	NFTables proxySyncPeriod `json:"nftables"`
	IPVS     proxySyncPeriod `json:"ipvs"`
}

type proxySyncPeriod struct {
	MinSyncPeriod metav1.Duration `json:"minSyncPeriod"`
}

// proxyDefaultMinSync is kube-proxy's default in the modes iptables and nftables. In
// mode ipvs it is zero.
const proxyDefaultMinSync = time.Second

// sync is the mode and the least time between two rewritings of rules.
func (p proxyConfig) sync() (mode string, least time.Duration) {
	switch p.Mode {
	case "ipvs":
		return p.Mode, p.IPVS.MinSyncPeriod.Duration
	case "nftables":
		return p.Mode, cmp.Or(p.NFTables.MinSyncPeriod.Duration, proxyDefaultMinSync)
	case "", "iptables":
		return "iptables", cmp.Or(p.IPTables.MinSyncPeriod.Duration, proxyDefaultMinSync)
	}
	return p.Mode, 0
}

// errNoProxyConfig says that kube-proxy was configured in another way.
var errNoProxyConfig = errors.New("kube-proxy's settings are in the API only where kubeadm, or what builds on it, wrote ConfigMap kube-system/kube-proxy; here it did not")

// proxyConfig reads what kubeadm leaves in the API. It is the configuration of the
// kube-proxies that were started after its last change.
func (r *reader) proxyConfig(ctx context.Context) (proxyConfig, error) {
	var p proxyConfig
	m, err := r.Kubernetes.CoreV1().ConfigMaps("kube-system").Get(ctx, "kube-proxy", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return p, errNoProxyConfig
	}
	if err != nil {
		return p, fmt.Errorf("read ConfigMap kube-system/kube-proxy: %w", err)
	}
	text, there := m.Data["config.conf"]
	if !there {
		return p, errNoProxyConfig
	}
	if err := yaml.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("read config.conf of ConfigMap kube-system/kube-proxy: %w", err)
	}
	return p, nil
}

var adviseSync = ksvc.NewAdvice("set minSyncPeriod: 1s in config.conf of ConfigMap kube-system/kube-proxy, and restart kube-proxy")

// checkKubeProxy looks at how long kube-proxy may leave a new instance out of its
// service. The activator asks instances by their own addresses first, so this only
// delays what goes by the service's address.
func checkKubeProxy(ctx context.Context, r *reader) record.Check {
	config, err := r.proxyConfig(ctx)
	if err != nil {
		return unread(err)
	}
	mode, least := config.sync()
	if least > proxyDefaultMinSync {
		return warn(adviseSync, "in mode %s it may rewrite its rules %v late: a service's address leads to a new instance only then", mode, least)
	}
	return ok("in mode %s it rewrites its rules at most %v late", mode, least)
}
