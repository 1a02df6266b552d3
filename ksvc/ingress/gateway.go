package ingress

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// gateway is a Kubernetes Service in front of an ingress' proxies.
type gateway struct{ namespace, name string }

func (g gateway) String() string { return g.namespace + "/" + g.name }

const (
	gatewayAPIClass = "gateway-api.ingress.networking.knative.dev"
	traefikClass    = "traefik.ingress.networking.knative.dev"
)

// defaultGateways are where each ingress' own installation puts its gateway. Traefik
// has no place of its own; these are the places of its chart and of this project.
var defaultGateways = map[string][]gateway{
	"kourier.ingress.networking.knative.dev": {{"kourier-system", "kourier"}, {ksvc.SystemNamespace, "kourier"}},
	"istio.ingress.networking.knative.dev":   {{"istio-system", "istio-ingressgateway"}},
	"contour.ingress.networking.knative.dev": {{"contour-external", "envoy"}},
	gatewayAPIClass:                          {{"istio-system", "istio-ingressgateway"}, {"contour-external", "envoy"}, {"envoy-gateway-system", "knative-external"}},
	traefikClass:                             {{"traefik", "public"}, {"traefik", "traefik"}, {"kube-system", "traefik"}},
}

// hasFixedPlace says whether the gateway of an ingress class is always where the
// class' own installation puts it. If such a gateway is not found there, it is missing.
func hasFixedPlace(class string) bool {
	_, known := defaultGateways[class]
	return known && class != traefikClass && class != gatewayAPIClass
}

// configuredGateways are those that the ingress' own ConfigMap names, where it has
// one.
func configuredGateways(ctx context.Context, c *ksvc.Client, class string) []gateway {
	kind, _, _ := strings.Cut(class, ".")
	switch kind {
	case "istio":
		m, _ := c.Config(ctx, "config-istio")
		return istioGateways(m)
	case "contour":
		m, _ := c.Config(ctx, "config-contour")
		return visibleGateways(m["visibility"])
	case "gateway-api":
		m, _ := c.Config(ctx, "config-gateway")
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

// gatewayAt reads a Service's name within the cluster: name.namespace.svc...
func gatewayAt(domain string) (gateway, bool) {
	parts := strings.Split(domain, ".")
	if len(parts) < 3 || parts[2] != "svc" {
		return gateway{}, false
	}
	return gateway{namespace: parts[1], name: parts[0]}, true
}

// gatewayPort is the port of a gateway's Service that takes requests of a scheme.
func gatewayPort(s *corev1.Service, scheme string) (corev1.ServicePort, error) {
	wishes, what := plainPorts, "plain HTTP"
	if scheme == record.HTTPS {
		wishes, what = securePorts, "HTTPS"
	}
	for _, wanted := range wishes {
		for _, p := range s.Spec.Ports {
			if wanted(p) {
				return p, nil
			}
		}
	}
	return corev1.ServicePort{}, fmt.Errorf("it has no port for %s", what)
}

// plainPorts and securePorts recognise the port of a scheme, the surest sign first. By
// name they are those of Kourier, Istio and Contour, and then of Traefik.
var (
	plainPorts = []func(corev1.ServicePort) bool{
		func(p corev1.ServicePort) bool { return p.Name == "http2" || p.Name == "http" || p.Name == "web" },
		func(p corev1.ServicePort) bool { return p.Port == 80 },
		func(p corev1.ServicePort) bool { return p.Port != 443 && p.Protocol != corev1.ProtocolUDP },
	}
	// A port for HTTP/3 may have the number 443 too, but it is one of UDP.
	securePorts = []func(corev1.ServicePort) bool{
		func(p corev1.ServicePort) bool { return p.Name == "https" || p.Name == "websecure" },
		func(p corev1.ServicePort) bool { return p.Port == 443 && p.Protocol != corev1.ProtocolUDP },
		func(p corev1.ServicePort) bool { return strings.HasPrefix(p.Name, "https-") },
	}
)
