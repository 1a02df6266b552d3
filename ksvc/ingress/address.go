package ingress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

const dialTimeout = 2 * time.Second

// errLoopback says that an address is of no use to workers.
var errLoopback = errors.New("a worker would reach only its own pod there")

// dial tries to connect to an address. One that is for workers, too, must not lead back to
// this computer, whatever name it has.
func (w Wanted) dial(ctx context.Context, address string) error {
	d := net.Dialer{Timeout: dialTimeout}
	connection, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer connection.Close()
	if w.Workers && leadsBack(connection) {
		return errLoopback
	}
	return nil
}

// leadsBack says that a connection goes to the computer that it comes from.
func leadsBack(connection net.Conn) bool {
	to, ok := connection.RemoteAddr().(*net.TCPAddr)
	return ok && to.IP.IsLoopback()
}

// addressSearch tries one address after the other and remembers what it tried.
type addressSearch struct {
	Wanted
	client *ksvc.Client
	tried  []string
	dialed bool
}

// dial tries an address. The error names it as what says.
func (s *addressSearch) dial(ctx context.Context, what, address string) bool {
	s.dialed = true
	err := s.Wanted.dial(ctx, address)
	if err != nil {
		s.tried = append(s.tried, fmt.Sprintf("%s (%s)", what, cause(err)))
	}
	return err == nil
}

// cause is the innermost error. It says why a connection failed.
func cause(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// gateway is an address of a gateway's Service that accepts connections, or "".
func (s *addressSearch) gateway(ctx context.Context, g gateway) string {
	service, err := s.client.Kubernetes.CoreV1().Services(g.namespace).Get(ctx, g.name, metav1.GetOptions{})
	if err != nil {
		s.tried = append(s.tried, fmt.Sprintf("service %s (%v)", g, err))
		return ""
	}
	port, err := gatewayPort(service, s.Scheme)
	if err != nil {
		s.tried = append(s.tried, fmt.Sprintf("service %s (%v)", g, err))
		return ""
	}
	for _, c := range s.addresses(ctx, service, port) {
		if s.dial(ctx, fmt.Sprintf("service %s by its %s %s", g, c.kind, c.address), c.address) {
			return c.address
		}
	}
	return ""
}

// candidate is one way to reach a Service from outside.
type candidate struct{ kind, address string }

// addresses are the ways to reach a Service, the most public first. A cluster IP can
// be reached from a node only, but this program may well run on one.
func (s *addressSearch) addresses(ctx context.Context, service *corev1.Service, port corev1.ServicePort) []candidate {
	var found []candidate
	add := func(kind, host string, port int32) {
		if host != "" && host != corev1.ClusterIPNone && port != 0 {
			found = append(found, candidate{kind, net.JoinHostPort(host, strconv.Itoa(int(port)))})
		}
	}
	for _, b := range service.Status.LoadBalancer.Ingress {
		add("load balancer", b.IP, port.Port)
		add("load balancer", b.Hostname, port.Port)
	}
	for _, ip := range service.Spec.ExternalIPs {
		add("external IP", ip, port.Port)
	}
	if port.NodePort != 0 {
		for _, host := range s.nodes(ctx) {
			add("node port", host, port.NodePort)
		}
	}
	add("cluster IP", service.Spec.ClusterIP, port.Port)
	return found
}

// nodes are the addresses of the cluster's first nodes.
func (s *addressSearch) nodes(ctx context.Context) []string {
	list, err := s.client.Kubernetes.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: 3})
	if err != nil {
		s.tried = append(s.tried, fmt.Sprintf("node ports (%v)", err))
		return nil
	}
	var found []string
	for _, kind := range []corev1.NodeAddressType{corev1.NodeExternalIP, corev1.NodeInternalIP} {
		for _, n := range list.Items {
			for _, a := range n.Status.Addresses {
				if a.Type == kind {
					found = append(found, a.Address)
				}
			}
		}
	}
	return found
}

// errNoGateway says that no gateway was found, not to speak of one that answers.
var errNoGateway = errors.New("no gateway found")

func (s *addressSearch) failed() error {
	switch {
	case len(s.tried) == 0:
		return errNoGateway
	case !s.dialed:
		return fmt.Errorf("%w, looked for %s", errNoGateway, strings.Join(s.tried, ", "))
	}
	return errors.New("tried " + strings.Join(s.tried, ", "))
}
