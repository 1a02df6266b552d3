package deploy

import (
	"context"
	"embed"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
)

//go:embed manifests/*.yaml
var manifests embed.FS

// Own reads the node's own objects: DNS, ingress, and the functions' account.
func Own() ([]*unstructured.Unstructured, error) {
	files, err := manifests.ReadDir("manifests")
	if err != nil {
		return nil, err
	}
	var all []*unstructured.Unstructured
	for _, file := range files {
		b, err := manifests.ReadFile("manifests/" + file.Name())
		if err != nil {
			return nil, err
		}
		objects, err := Parse(b)
		if err != nil {
			return nil, fmt.Errorf("manifests/%s: %w", file.Name(), err)
		}
		all = append(all, objects...)
	}
	return all, nil
}

// Handler is a container runtime of the node.
type Handler struct{ Name, Version string }

// annotationHandlerVersion is where kn-coldstart looks for a handler's version.
const annotationHandlerVersion = "kn-coldstart.dev/handler-version"

// RuntimeClasses creates one RuntimeClass for each handler, of the same name. The
// version stands beside it because Kubernetes has no place for it.
func RuntimeClasses(ctx context.Context, client kubernetes.Interface, handlers []Handler) error {
	for _, handler := range handlers {
		class := &nodev1.RuntimeClass{
			ObjectMeta: metav1.ObjectMeta{Name: handler.Name, Annotations: map[string]string{annotationHandlerVersion: handler.Version}},
			Handler:    handler.Name,
		}
		if _, err := client.NodeV1().RuntimeClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("create RuntimeClass %s: %w", handler.Name, err)
		}
	}
	return nil
}

// PublishProxy leaves kube-proxy's configuration where kubeadm leaves it.
func PublishProxy(ctx context.Context, client kubernetes.Interface, config string) error {
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kube-proxy"}, Data: map[string]string{"config.conf": config}}
	if _, err := client.CoreV1().ConfigMaps("kube-system").Create(ctx, m, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("publish kube-proxy's configuration: %w", err)
	}
	return nil
}

// PublishIngress does what a cloud's load balancer would: it writes the
// ingress's address into its Service. Mode Proxy keeps kube-proxy from
// translating an address that the ingress itself listens on.
func PublishIngress(ctx context.Context, client kubernetes.Interface, ip string) error {
	services := client.CoreV1().Services("traefik")
	service, err := services.Get(ctx, "public", metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("publish the ingress: %w", err)
	}
	mode := corev1.LoadBalancerIPModeProxy
	service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: ip, IPMode: &mode}}
	if _, err := services.UpdateStatus(ctx, service, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("publish the ingress: %w", err)
	}
	return nil
}
