package ingress

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"knative.dev/networking/pkg/apis/networking"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// closedPort is a port on which nothing listens.
func closedPort(t *testing.T) int32 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return int32(l.Addr().(*net.TCPAddr).Port)
}

func ingressClassIs(class string) *corev1.ConfigMap {
	return ksvctest.NewConfigMap("config-network", map[string]string{"ingress-class": class})
}

func newGateway(namespace, name string, port int32, change func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}}
	s.Spec.Ports = []corev1.ServicePort{{Name: "https", Port: 443}, {Name: "http2", Port: port}}
	if change != nil {
		change(s)
	}
	return s
}

func externalIP(s *corev1.Service) { s.Spec.ExternalIPs = []string{"127.0.0.1"} }

func newKnativeIngress(class string, exposed v1alpha1.LoadBalancerIngressStatus) *v1alpha1.Ingress {
	i := &v1alpha1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Name: ksvctest.Service, Namespace: ksvctest.Space, Annotations: map[string]string{networking.IngressClassAnnotationKey: class},
	}}
	i.Status.PublicLoadBalancer = &v1alpha1.LoadBalancerStatus{Ingress: []v1alpha1.LoadBalancerIngressStatus{exposed}}
	return i
}

func TestFind(t *testing.T) {
	address, port := ksvctest.Listen(t)
	nothing := closedPort(t)
	const traefik, kourier = traefikClass, "kourier.ingress.networking.knative.dev"
	tests := []struct {
		name     string
		objects  []runtime.Object
		override string
		scheme   string
		want     Ingress
	}{
		{
			name: "given", objects: []runtime.Object{ingressClassIs(kourier)}, override: address,
			want: Ingress{Class: kourier, Address: address},
		},
		{
			name: "Kourier by load balancer",
			objects: []runtime.Object{ingressClassIs(kourier), newGateway("kourier-system", "kourier", port, func(s *corev1.Service) {
				s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "127.0.0.1"}}
			})},
			want: Ingress{Class: kourier, Service: "kourier-system/kourier", Address: address},
		},
		{
			name: "node port, when the load balancer does not answer",
			objects: []runtime.Object{
				ingressClassIs(kourier),
				newGateway("kourier-system", "kourier", nothing, func(s *corev1.Service) {
					s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "127.0.0.1"}}
					s.Spec.Ports[1].NodePort = port
				}),
				&corev1.Node{Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}}},
			},
			want: Ingress{Class: kourier, Service: "kourier-system/kourier", Address: address},
		},
		{
			name: "Traefik by what the ingress object names",
			objects: []runtime.Object{
				ingressClassIs(kourier),
				newKnativeIngress(traefik, v1alpha1.LoadBalancerIngressStatus{DomainInternal: "entry.edge.svc.cluster.local"}),
				newGateway("edge", "entry", port, externalIP),
			},
			want: Ingress{Class: traefik, Service: "edge/entry", Address: address},
		},
		{
			name:    "Traefik where this project puts it",
			objects: []runtime.Object{ingressClassIs(traefik), newGateway("traefik", "public", port, externalIP)},
			want:    Ingress{Class: traefik, Service: "traefik/public", Address: address},
		},
		{
			name: "cluster IP",
			objects: []runtime.Object{ingressClassIs("contour.ingress.networking.knative.dev"), newGateway("contour-external", "envoy", port, func(s *corev1.Service) {
				s.Spec.ClusterIP = "127.0.0.1"
			})},
			want: Ingress{Class: "contour.ingress.networking.knative.dev", Service: "contour-external/envoy", Address: address},
		},
		{
			name: "Contour as configured",
			objects: []runtime.Object{
				ingressClassIs("contour.ingress.networking.knative.dev"),
				ksvctest.NewConfigMap("config-contour", map[string]string{"visibility": "ExternalIP:\n  class: c\n  service: edge/envoy\n"}),
				newGateway("edge", "envoy", port, externalIP),
			},
			want: Ingress{Class: "contour.ingress.networking.knative.dev", Service: "edge/envoy", Address: address},
		},
		{
			name: "Istio by default, with its older configuration",
			objects: []runtime.Object{
				ksvctest.NewConfigMap("config-istio", map[string]string{"gateway.knative-serving.knative-ingress-gateway": "gw.mesh.svc.cluster.local"}),
				newGateway("mesh", "gw", port, externalIP),
			},
			want: Ingress{Class: "istio.ingress.networking.knative.dev", Service: "mesh/gw", Address: address},
		},
		{
			name: "Gateway API",
			objects: []runtime.Object{
				ingressClassIs(gatewayAPIClass),
				ksvctest.NewConfigMap("config-gateway", map[string]string{"external-gateways": "- class: x\n  gateway: a/b\n  service: edge/gw\n"}),
				newGateway("edge", "gw", port, externalIP),
			},
			want: Ingress{Class: gatewayAPIClass, Service: "edge/gw", Address: address},
		},
		{
			name: "https by the name of the port",
			objects: []runtime.Object{ingressClassIs(kourier), newGateway("kourier-system", "kourier", nothing, func(s *corev1.Service) {
				externalIP(s)
				s.Spec.Ports[0].Port = port
			})},
			scheme: record.HTTPS,
			want:   Ingress{Class: kourier, Service: "kourier-system/kourier", Address: address},
		},
		{
			name: "https by the number of the port, and its node port",
			objects: []runtime.Object{
				ingressClassIs(traefik),
				newGateway("traefik", "public", nothing, func(s *corev1.Service) {
					s.Spec.Ports[0] = corev1.ServicePort{Name: "http3", Port: 443, Protocol: corev1.ProtocolUDP, NodePort: nothing}
					s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "tls", Port: 443, Protocol: corev1.ProtocolTCP, NodePort: port})
				}),
				&corev1.Node{Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}}},
			},
			scheme: record.HTTPS,
			want:   Ingress{Class: traefik, Service: "traefik/public", Address: address},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Find(t.Context(), ksvctest.NewFakes(test.objects...).Client, Wanted{Service: ksvctest.Service, Address: test.override, Scheme: test.scheme})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ingress (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFindNamesWhatItTried(t *testing.T) {
	nothing := closedPort(t)
	closed := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(nothing)))
	f := ksvctest.NewFakes(ingressClassIs("kourier.ingress.networking.knative.dev"), newGateway("kourier-system", "kourier", nothing, externalIP))
	_, err := Find(t.Context(), f.Client, Wanted{})
	for _, part := range []string{"kourier.ingress", "service kourier-system/kourier by its external IP " + closed, "refused", "service knative-serving/kourier"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("Find = %v, want it to name %q", err, part)
		}
	}
	_, err = Find(t.Context(), f.Client, Wanted{Address: closed})
	if err == nil || !strings.HasPrefix(err.Error(), "connect to ingress address "+closed) || !strings.Contains(ksvc.Hint(err), "--ingress-address") {
		t.Errorf("Find = %v, hint %q", err, ksvc.Hint(err))
	}
}

// Workers are not sent to where this computer reaches itself, whatever the name of that.
func TestFindForWorkers(t *testing.T) {
	address, port := ksvctest.Listen(t)
	f := ksvctest.NewFakes(ingressClassIs("kourier.ingress.networking.knative.dev"), newGateway("kourier-system", "kourier", port, externalIP))
	for _, given := range []string{address, net.JoinHostPort("localhost", strconv.Itoa(int(port))), ""} {
		if _, err := Find(t.Context(), f.Client, Wanted{Address: given}); err != nil {
			t.Errorf("Find of %q = %v without workers", given, err)
		}
		_, err := Find(t.Context(), f.Client, Wanted{Address: given, Workers: true})
		if err == nil || !strings.Contains(err.Error(), errLoopback.Error()) || !strings.Contains(ksvc.Hint(err), "--in-cluster") {
			t.Errorf("Find of %q = %v, hint %q", given, err, ksvc.Hint(err))
		}
	}
}

func TestFindOverHTTPS(t *testing.T) {
	f := ksvctest.NewFakes(ingressClassIs("kourier.ingress.networking.knative.dev"), newGateway("kourier-system", "kourier", 80, func(s *corev1.Service) {
		s.Spec.Ports = s.Spec.Ports[1:]
	}))
	if _, err := Find(t.Context(), f.Client, Wanted{Scheme: record.HTTPS}); err == nil || !strings.Contains(err.Error(), "it has no port for HTTPS") {
		t.Errorf("Find = %v, want it to miss the port", err)
	}
	exposed := newKnativeIngress("any", v1alpha1.LoadBalancerIngressStatus{IP: "10.1.2.3"})
	direct, _ := publicAddresses(exposed, Wanted{Scheme: record.HTTPS}.port())
	if diff := cmp.Diff([]string{"10.1.2.3:443"}, direct); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	if port := (Wanted{}).port(); port != "80" {
		t.Errorf("the port is %s without a scheme", port)
	}
}

func TestWithPort(t *testing.T) {
	for in, want := range map[string]string{"1.2.3.4": "1.2.3.4:80", "h:8080": "h:8080", "::1": "[::1]:80", "[::1]": "[::1]:80", "[::1]:90": "[::1]:90"} {
		if got := withPort(in, "80"); got != want {
			t.Errorf("withPort(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAwaitRoute(t *testing.T) {
	tries := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tries++
		switch {
		case r.Host != "h-1.example.com" || r.Header.Get("K-Network-Probe") != "activator":
			t.Errorf("host %q, probe %q", r.Host, r.Header.Get("K-Network-Probe"))
		case tries < 3:
			http.NotFound(w, r) // the ingress has not heard of it yet
		default:
			w.Write([]byte("activator"))
		}
	}))
	defer server.Close()
	target := record.Target{Host: "h-1.example.com", Address: server.Listener.Addr().String()}
	if err := AwaitRoute(t.Context(), target); err != nil || tries != 3 {
		t.Errorf("AwaitRoute = %v after %d tries, want nil after 3", err, tries)
	}
}
