// Package ingress finds where requests enter a cluster: the address of the ingress
// in front of Knative's services, and whether it routes to them yet.
package ingress

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/networking/pkg/apis/networking"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	netconfig "knative.dev/networking/pkg/config"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// Ingress is where requests enter the cluster.
type Ingress struct {
	// Class is the ingress class in force, such as
	// kourier.ingress.networking.knative.dev.
	Class string
	// Service is the gateway's, as NAMESPACE/NAME. It is empty if the address was
	// given or came from elsewhere.
	Service string
	// Address is HOST:PORT to connect to.
	Address string
}

var (
	adviseOverride = ksvc.NewAdvice("name an address where the ingress listens with --ingress-address, or leave it out to have it found")
	adviseAddress  = ksvc.NewAdvice("name it with --ingress-address HOST:PORT, for example that of a `kubectl port-forward`")
	adviseWorkers  = ksvc.NewAdvice("name an address that both this computer and the workers reach with --ingress-address, or leave it out and use --in-cluster")
)

// Wanted says which way in to find.
type Wanted struct {
	// Service is whose ingress object to ask. If it is empty, that of any service of
	// the namespace is asked.
	Service string
	// Address, HOST[:PORT], is tried instead of everything else if it is not empty.
	Address string
	// Scheme is "http" or "https". Empty is http.
	Scheme string
	// Class is the cluster's ingress class. If it is empty, it is read.
	Class string
	// Workers says that pods are to connect to the address, too.
	Workers bool
}

// port is the scheme's own port.
func (w Wanted) port() string {
	if w.Scheme == record.HTTPS {
		return "443"
	}
	return "80"
}

// advice is what to do where nothing was found.
func (w Wanted) advice(otherwise ksvc.Advice) ksvc.Advice {
	if w.Workers {
		return adviseWorkers
	}
	return otherwise
}

// Find finds the ingress and an address of it that accepts connections on the port for
// the wanted scheme. A given address is tried as it is, with the scheme's own port if it
// has none. Otherwise Find asks, in this order: the Knative ingress object of the
// service; the ingress class' ConfigMap; the places where the class usually is. The
// error names all that was tried, and the Ingress has its class even then.
func Find(ctx context.Context, c *ksvc.Client, w Wanted) (Ingress, error) {
	class := w.Class
	if class == "" {
		class = ingressClass(ctx, c)
	}
	if w.Address != "" {
		address := withPort(w.Address, w.port())
		if err := w.dial(ctx, address); err != nil {
			return Ingress{Class: class}, ksvc.WithHint(fmt.Errorf("connect to ingress address %s: %w", address, err), w.advice(adviseOverride))
		}
		return Ingress{Class: class, Address: address}, nil
	}
	own := knativeIngress(ctx, c, w.Service)
	if own != nil && own.Annotations[networking.IngressClassAnnotationKey] != "" {
		class = own.Annotations[networking.IngressClassAnnotationKey]
	}
	direct, gateways := publicAddresses(own, w.port())
	search := &addressSearch{Wanted: w, client: c}
	for _, address := range direct {
		if search.dial(ctx, "load balancer "+address, address) {
			return Ingress{Class: class, Address: address}, nil
		}
	}
	gateways = append(gateways, configuredGateways(ctx, c, class)...)
	gateways = append(gateways, defaultGateways[class]...)
	for _, g := range gateways {
		if address := search.gateway(ctx, g); address != "" {
			return Ingress{Class: class, Service: g.String(), Address: address}, nil
		}
	}
	return Ingress{Class: class}, ksvc.WithHint(fmt.Errorf("find an address of ingress class %q: %w", class, search.failed()), w.advice(adviseAddress))
}

// MayComeLater says that Find may succeed once there is a service. It found no gateway,
// but the ingress class has no fixed place for one, and the ingress object of a first
// service may tell where it is.
func MayComeLater(found Ingress, err error) bool {
	return errors.Is(err, errNoGateway) && !hasFixedPlace(found.Class)
}

// ingressClass is the cluster's, from config-network.
func ingressClass(ctx context.Context, c *ksvc.Client) string {
	m, _ := c.Config(ctx, netconfig.ConfigMapName)
	return ClassIn(m)
}

// ClassIn is the ingress class that the data of config-network names, or Knative's own
// default.
func ClassIn(network map[string]string) string {
	return cmp.Or(network[netconfig.DefaultIngressClassKey], netconfig.IstioIngressClassName)
}

// knativeIngress is the Knative ingress object of a service, or of the first service
// of the namespace that has one. It is nil if there is none or it may not be read.
func knativeIngress(ctx context.Context, c *ksvc.Client, name string) *v1alpha1.Ingress {
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

// withPort adds a port to a host that has none.
func withPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// publicAddresses are where a Knative ingress object says that it is exposed:
// addresses to connect to on a port, and services inside the cluster.
func publicAddresses(i *v1alpha1.Ingress, port string) (direct []string, gateways []gateway) {
	if i == nil || i.Status.PublicLoadBalancer == nil {
		return nil, nil
	}
	for _, b := range i.Status.PublicLoadBalancer.Ingress {
		for _, host := range []string{b.IP, b.Domain} {
			if host != "" {
				direct = append(direct, withPort(host, port))
			}
		}
		if g, ok := gatewayAt(b.DomainInternal); ok {
			gateways = append(gateways, g)
		}
	}
	return direct, gateways
}
