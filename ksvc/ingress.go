package ksvc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/networking/pkg/apis/networking"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	netconfig "knative.dev/networking/pkg/config"
	"sigs.k8s.io/yaml"
)

// Ingress is where requests enter the cluster.
type Ingress struct {
	// Class is the ingress class in force, such as
	// kourier.ingress.networking.knative.dev.
	Class string
	// Service is the gateway's, as namespace/name; empty if the address was
	// given or came from elsewhere.
	Service string
	// Address is host:port to connect to.
	Address string
}

// gateway is a Kubernetes Service in front of an ingress' proxies.
type gateway struct{ namespace, name string }

func (g gateway) String() string { return g.namespace + "/" + g.name }

const (
	gatewayAPIClass = "gateway-api.ingress.networking.knative.dev"
	traefikClass    = "traefik.ingress.networking.knative.dev"
)

// defaultGateways are where each ingress' own installation puts its gateway.
// Traefik has no place of its own, these are its chart's and this project's.
var defaultGateways = map[string][]gateway{
	"kourier.ingress.networking.knative.dev": {{"kourier-system", "kourier"}, {systemNamespace, "kourier"}},
	"istio.ingress.networking.knative.dev":   {{"istio-system", "istio-ingressgateway"}},
	"contour.ingress.networking.knative.dev": {{"contour-external", "envoy"}},
	gatewayAPIClass:                          {{"istio-system", "istio-ingressgateway"}, {"contour-external", "envoy"}, {"envoy-gateway-system", "knative-external"}},
	traefikClass:                             {{"traefik", "public"}, {"traefik", "traefik"}, {"kube-system", "traefik"}},
}

// FindIngress finds the ingress and an address of it that accepts connections.
// A given override is tried as it is, with port 80 if it has none. Otherwise it
// asks, in this order: the Knative ingress object of the named service, or of any
// service of the namespace if name is ""; the ingress class' ConfigMap; the
// places where the class usually is. The error names all that was tried.
func (c *Client) FindIngress(ctx context.Context, name, override string) (Ingress, error) {
	class := c.ingressClass(ctx)
	if override != "" {
		address := withPort(override, "80")
		if err := dial(ctx, address); err != nil {
			return Ingress{Class: class}, withHint(fmt.Errorf("connect to ingress address %s: %w", address, err),
				"name an address where the ingress listens with --ingress-address, or leave it out to have it found")
		}
		return Ingress{Class: class, Address: address}, nil
	}
	own := c.knativeIngress(ctx, name)
	if own != nil && own.Annotations[networking.IngressClassAnnotationKey] != "" {
		class = own.Annotations[networking.IngressClassAnnotationKey]
	}
	direct, gateways := publicAddresses(own)
	search := &addressSearch{client: c}
	for _, address := range direct {
		if search.dial(ctx, "load balancer "+address, address) {
			return Ingress{Class: class, Address: address}, nil
		}
	}
	gateways = append(gateways, c.configuredGateways(ctx, class)...)
	gateways = append(gateways, defaultGateways[class]...)
	for _, g := range gateways {
		if address := search.gateway(ctx, g); address != "" {
			return Ingress{Class: class, Service: g.String(), Address: address}, nil
		}
	}
	return Ingress{Class: class}, withHint(fmt.Errorf("find an address of ingress class %q: %w", class, search.failed()),
		"name it with --ingress-address HOST:PORT, for example that of a `kubectl port-forward`")
}

// ingressClass is the cluster's, from config-network.
func (c *Client) ingressClass(ctx context.Context) string {
	m, err := c.config(ctx, netconfig.ConfigMapName)
	if err == nil && m[netconfig.DefaultIngressClassKey] != "" {
		return m[netconfig.DefaultIngressClassKey]
	}
	return netconfig.IstioIngressClassName // Knative's own default
}

// knativeIngress is the Knative ingress object of a service, or of the first
// service of the namespace that has one; nil if there is none or it is forbidden.
func (c *Client) knativeIngress(ctx context.Context, name string) *v1alpha1.Ingress {
	ingresses := c.Networking.NetworkingV1alpha1().Ingresses(c.Namespace)
	if name != "" {
		if own, err := ingresses.Get(ctx, name, metav1.GetOptions{}); err == nil {
			return own
		}
		return nil
	}
	list, err := ingresses.List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil || len(list.Items) == 0 {
		return nil
	}
	return &list.Items[0]
}

// publicAddresses are where a Knative ingress object says that it is exposed:
// addresses to connect to, and services inside the cluster.
func publicAddresses(i *v1alpha1.Ingress) (direct []string, gateways []gateway) {
	if i == nil || i.Status.PublicLoadBalancer == nil {
		return nil, nil
	}
	for _, b := range i.Status.PublicLoadBalancer.Ingress {
		for _, host := range []string{b.IP, b.Domain} {
			if host != "" {
				direct = append(direct, withPort(host, "80"))
			}
		}
		if g, ok := gatewayAt(b.DomainInternal); ok {
			gateways = append(gateways, g)
		}
	}
	return direct, gateways
}

// gatewayAt reads a Service's name within the cluster: name.namespace.svc...
func gatewayAt(domain string) (gateway, bool) {
	parts := strings.Split(domain, ".")
	if len(parts) < 3 || parts[2] != "svc" {
		return gateway{}, false
	}
	return gateway{namespace: parts[1], name: parts[0]}, true
}

// configuredGateways reads the ingress' own ConfigMap, where it has one.
func (c *Client) configuredGateways(ctx context.Context, class string) []gateway {
	kind, _, _ := strings.Cut(class, ".")
	switch kind {
	case "istio":
		m, _ := c.config(ctx, "config-istio")
		return istioGateways(m)
	case "contour":
		m, _ := c.config(ctx, "config-contour")
		return visibleGateways(m["visibility"])
	case "gateway-api":
		m, _ := c.config(ctx, "config-gateway")
		return append(listedGateways(m["external-gateways"]), visibleGateways(m["visibility"])...)
	}
	return nil
}

// istioGateways reads both forms of config-istio: a list under external-gateways,
// and, before Knative 1.14, one key per gateway.
func istioGateways(m map[string]string) []gateway {
	found := listedGateways(m["external-gateways"])
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if g, ok := gatewayAt(m[key]); ok && strings.HasPrefix(key, "gateway.") {
			found = append(found, g)
		}
	}
	return found
}

// listedGateways reads a list whose entries name a service, as a domain or as
// namespace/name.
func listedGateways(text string) []gateway {
	var entries []struct {
		Service string `json:"service"`
	}
	if yaml.Unmarshal([]byte(text), &entries) != nil {
		return nil
	}
	var found []gateway
	for _, e := range entries {
		found = append(found, namedGateway(e.Service)...)
	}
	return found
}

// visibleGateways reads a map from visibility to a service.
func visibleGateways(text string) []gateway {
	var entries map[string]struct {
		Service string `json:"service"`
	}
	if yaml.Unmarshal([]byte(text), &entries) != nil {
		return nil
	}
	return namedGateway(entries["ExternalIP"].Service)
}

func namedGateway(s string) []gateway {
	if namespace, name, ok := strings.Cut(s, "/"); ok {
		return []gateway{{namespace, name}}
	}
	if g, ok := gatewayAt(s); ok {
		return []gateway{g}
	}
	return nil
}

// withPort adds a port to a host that has none.
func withPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// gatewayPort is the port of a gateway's Service that speaks plain HTTP.
func gatewayPort(s *corev1.Service) (corev1.ServicePort, error) {
	for _, wanted := range []func(corev1.ServicePort) bool{
		func(p corev1.ServicePort) bool { return p.Name == "http2" || p.Name == "http" || p.Name == "web" },
		func(p corev1.ServicePort) bool { return p.Port == 80 },
		func(p corev1.ServicePort) bool { return p.Port != 443 && p.Protocol != corev1.ProtocolUDP },
	} {
		for _, p := range s.Spec.Ports {
			if wanted(p) {
				return p, nil
			}
		}
	}
	return corev1.ServicePort{}, errors.New("it has no port for plain HTTP")
}
