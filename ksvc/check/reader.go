package check

import (
	"cmp"
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	netconfig "knative.dev/networking/pkg/config"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/ingress"
)

// reader reads a cluster for one pass of checks. Whatever several checks look at is
// read once.
type reader struct {
	*ksvc.Client
	needs record.Needs

	configs     map[string]*once[map[string]string]
	version     once[*version.Info]
	deployments once[[]appsv1.Deployment]
	nodes       once[[]corev1.Node]
	namespace   once[*corev1.Namespace]
	ranges      once[[]corev1.LimitRange]
	quotas      once[[]corev1.ResourceQuota]
	classes     once[[]nodev1.RuntimeClass]
	ingress     once[ingress.Ingress]
	services    map[string]*once[*servingv1.Service]
}

func newReader(c *ksvc.Client, n record.Needs) *reader {
	return &reader{Client: c, needs: n, configs: map[string]*once[map[string]string]{}, services: map[string]*once[*servingv1.Service]{}}
}

// once keeps what was read, or why it could not be.
type once[T any] struct {
	read  bool
	value T
	err   error
}

func (o *once[T]) get(read func() (T, error)) (T, error) {
	if !o.read {
		o.read = true
		o.value, o.err = read()
	}
	return o.value, o.err
}

// config is the data of one of Knative's ConfigMaps.
func (r *reader) config(ctx context.Context, configMap string) (map[string]string, error) {
	config := r.configs[configMap]
	if config == nil {
		config = &once[map[string]string]{}
		r.configs[configMap] = config
	}
	return config.get(func() (map[string]string, error) { return r.Config(ctx, configMap) })
}

// setting is the value of a key of one of Knative's ConfigMaps, or Knative's default
// for it.
func (r *reader) setting(ctx context.Context, configMap, key, fallback string) (string, error) {
	data, err := r.config(ctx, configMap)
	if err != nil {
		return "", err
	}
	if value, set := data[key]; set {
		return value, nil
	}
	return fallback, nil
}

// serverVersion is the API server's.
func (r *reader) serverVersion(ctx context.Context) (*version.Info, error) {
	return r.version.get(func() (*version.Info, error) { return r.Version(ctx) })
}

// allNodes are the cluster's.
func (r *reader) allNodes(ctx context.Context) ([]corev1.Node, error) {
	return r.nodes.get(func() ([]corev1.Node, error) {
		list, err := r.Kubernetes.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		return list.Items, nil
	})
}

// ownNamespace is the run's.
func (r *reader) ownNamespace(ctx context.Context) (*corev1.Namespace, error) {
	return r.namespace.get(func() (*corev1.Namespace, error) {
		return r.Kubernetes.CoreV1().Namespaces().Get(ctx, r.Namespace, metav1.GetOptions{})
	})
}

// limitRanges are those of the run's namespace.
func (r *reader) limitRanges(ctx context.Context) ([]corev1.LimitRange, error) {
	return r.ranges.get(func() ([]corev1.LimitRange, error) {
		list, err := r.Kubernetes.CoreV1().LimitRanges(r.Namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		return list.Items, nil
	})
}

// resourceQuotas are those of the run's namespace.
func (r *reader) resourceQuotas(ctx context.Context) ([]corev1.ResourceQuota, error) {
	return r.quotas.get(func() ([]corev1.ResourceQuota, error) {
		list, err := r.Kubernetes.CoreV1().ResourceQuotas(r.Namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		return list.Items, nil
	})
}

// runtimeClasses are the cluster's, by name.
func (r *reader) runtimeClasses(ctx context.Context) ([]nodev1.RuntimeClass, error) {
	return r.classes.get(func() ([]nodev1.RuntimeClass, error) {
		list, err := r.Kubernetes.NodeV1().RuntimeClasses().List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		slices.SortFunc(list.Items, func(a, b nodev1.RuntimeClass) int { return cmp.Compare(a.Name, b.Name) })
		return list.Items, nil
	})
}

// handlers are the container runtime's names of the RuntimeClasses, by class.
func (r *reader) handlers(ctx context.Context) map[string]string {
	classes, _ := r.runtimeClasses(ctx) // a check has told why they cannot be read
	handlers := map[string]string{}
	for _, class := range classes {
		handlers[class.Name] = class.Handler
	}
	return handlers
}

// findIngress is the way into the cluster, as far as it can be found before the run
// has a service.
func (r *reader) findIngress(ctx context.Context) (ingress.Ingress, error) {
	return r.ingress.get(func() (ingress.Ingress, error) {
		network, _ := r.config(ctx, netconfig.ConfigMapName) // a check has told why it cannot be read
		return ingress.Find(ctx, r.Client, ingress.Wanted{
			Address: r.needs.IngressAddress, Scheme: r.needs.Scheme, Class: ingress.ClassIn(network),
			Workers: r.needs.Workers.Count > 0,
		})
	})
}

// address is where to connect, or "" where that is not known yet.
func (r *reader) address(ctx context.Context) string {
	found, err := r.findIngress(ctx)
	if err != nil {
		return ""
	}
	return found.Address
}
