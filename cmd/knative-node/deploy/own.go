package deploy

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
)

//go:embed manifests
var manifests embed.FS

// Own reads the node's own objects: the DNS server, the ingress, the account that functions
// run under, and what some of the handlers that the node has need.
func Own(handlers []string) ([]*unstructured.Unstructured, error) {
	files, err := fs.Glob(manifests, "manifests/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, handler := range handlers {
		file := "manifests/handlers/" + handler + ".yaml"
		if _, err := fs.Stat(manifests, file); err == nil {
			files = append(files, file)
		}
	}
	var all []*unstructured.Unstructured
	for _, file := range files {
		b, err := manifests.ReadFile(file)
		if err != nil {
			return nil, err
		}
		objects, err := Parse(b)
		if err != nil {
			return nil, fmt.Errorf("parse the node's manifest %s: %w", path.Base(file), err)
		}
		all = append(all, objects...)
	}
	return all, nil
}

// PublishProxy writes kube-proxy's configuration to the ConfigMap to which kubeadm
// writes it. Tools such as 'kn-coldstart doctor' look for it there.
func PublishProxy(ctx context.Context, client kubernetes.Interface, config string) error {
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kube-proxy"}, Data: map[string]string{"config.conf": config}}
	if _, err := client.CoreV1().ConfigMaps("kube-system").Create(ctx, m, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("publish kube-proxy's configuration: %w", err)
	}
	return nil
}

// PublishIngress writes the ingress's address into its Service, which in a cloud the
// load balancer does. The ingress itself listens on this address, so kube-proxy must
// not translate it: the mode Proxy says so.
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
