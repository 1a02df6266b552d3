package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/deploy"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

// Environment of the end-to-end tests, which scripts/e2e sets: the kubeconfig of a node
// that is up, and the folder with the archives of scripts/functions, which are loaded.
// Without the first, the tests are skipped.
const (
	envKubeconfig = "KN_COLDSTART_E2E_KUBECONFIG"
	envFunctions  = "KN_COLDSTART_E2E_FUNCTIONS"
)

// upNode is the node that is up, and a client of it.
func upNode(t *testing.T) (node.Layout, dynamic.NamespaceableResourceInterface) {
	t.Helper()
	kubeconfig := os.Getenv(envKubeconfig)
	if kubeconfig == "" {
		t.Skipf("%s names no node", envKubeconfig)
	}
	access, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := dynamic.NewForConfig(access)
	if err != nil {
		t.Fatal(err)
	}
	services := schema.GroupVersionResource{Group: "serving.knative.dev", Version: "v1", Resource: "services"}
	return node.Layout{State: filepath.Dir(kubeconfig)}, client.Resource(services)
}

// An image that was loaded runs by every form of its name, although Kubernetes wants to
// pull some of them, and Knative to ask a registry about them.
func TestEndToEndLoadedImage(t *testing.T) {
	l, services := upNode(t)
	archive := filepath.Join(os.Getenv(envFunctions), "helloworld.tar")
	for _, name := range []string{"loaded-by-name", "registry.example.com/team/loaded:latest"} {
		if _, err := loadImage(t.Context(), l, archive, name); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ name, image string }{
		{"bare", "loaded-by-name"},
		{"latest", "loaded-by-name:latest"},
		{"docker.io", "docker.io/library/loaded-by-name:latest"},
		{"another registry", "registry.example.com/team/loaded"},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			host := createService(t, services, fmt.Sprintf("loaded-%d", i), test.image, "http1")
			answer := get(t, &http.Client{}, "http://"+node.Ingress, host)
			if !strings.HasPrefix(answer, "Hello World!") {
				t.Errorf("the function answered %q", answer)
			}
		})
	}
}

// The ingress passes on what clients speak: plain HTTP, https with a certificate of the
// node, and HTTP/2 without TLS, with which gRPC works too.
func TestEndToEndProtocols(t *testing.T) {
	l, services := upNode(t)
	host := createService(t, services, "protocols", "dev.local/hellohttp2:local", "h2c")
	tests := []struct {
		name, url string
		transport *http.Transport
	}{
		{"h2c", "http://" + node.Ingress, &http.Transport{Protocols: only((*http.Protocols).SetUnencryptedHTTP2)}},
		{"HTTP/1", "http://" + node.Ingress, &http.Transport{Protocols: only((*http.Protocols).SetHTTP1)}},
		{"https with HTTP/2", "https://" + host, &http.Transport{
			Protocols: only((*http.Protocols).SetHTTP2), DialContext: toIngress, TLSClientConfig: trusting(t, l)}},
		{"https with HTTP/1", "https://" + host, &http.Transport{
			Protocols: only((*http.Protocols).SetHTTP1), DialContext: toIngress, TLSClientConfig: trusting(t, l)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			defer test.transport.CloseIdleConnections()
			answer := get(t, &http.Client{Transport: test.transport}, test.url, host)
			if !strings.HasPrefix(answer, "proto=HTTP/2.0 method=GET path=/") {
				t.Errorf("the function answered %q", answer)
			}
		})
	}
}

// A request of gRPC's health check, through activator and queue-proxy.
func TestEndToEndGRPC(t *testing.T) {
	_, services := upNode(t)
	host := createService(t, services, "grpc", "dev.local/grpc-ping:local", "h2c")
	transport := &http.Transport{Protocols: only((*http.Protocols).SetUnencryptedHTTP2)}
	defer transport.CloseIdleConnections()
	const emptyMessage = "\x00\x00\x00\x00\x00"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://"+node.Ingress+"/grpc.health.v1.Health/Check", strings.NewReader(emptyMessage))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	request.Header = http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}}
	response, err := (&http.Client{Transport: transport, Timeout: time.Minute}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	message, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	const serving = "\x00\x00\x00\x00\x02\x08\x01"
	if status := response.Trailer.Get("Grpc-Status"); status != "0" || string(message) != serving {
		t.Errorf("status %q, message %q", status, message)
	}
}

// A certificate for the hosts of a namespace is there soon after the namespace.
func TestEndToEndNewNamespace(t *testing.T) {
	l, _ := upNode(t)
	client, err := l.Client()
	if err != nil {
		t.Fatal(err)
	}
	space := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "certificate-"}}
	made, err := client.CoreV1().Namespaces().Create(t.Context(), space, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CoreV1().Namespaces().Delete(context.Background(), made.Name, metav1.DeleteOptions{})
	config := trusting(t, l)
	config.ServerName = "hello." + made.Name + "." + deploy.Domain
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dialer := &tls.Dialer{Config: config}
	for {
		conn, err := dialer.DialContext(ctx, "tcp", node.IngressTLS)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// createService creates a service with one container, waits until requests reach it, removes
// it after the test, and returns its host.
func createService(t *testing.T, services dynamic.NamespaceableResourceInterface, name, image, port string) string {
	t.Helper()
	here := services.Namespace(metav1.NamespaceDefault)
	objects, err := deploy.Parse([]byte(fmt.Sprintf(`
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: %s}
spec:
  template:
    metadata: {annotations: {autoscaling.knative.dev/initial-scale: "0"}}
    spec: {containers: [{image: %q, ports: [{name: %s, containerPort: 8080}]}]}
`, name, image, port)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := here.Create(t.Context(), objects[0], metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := here.Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	var last string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		service, err := here.Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if last = readiness(service); last == "" {
			host := name + "." + metav1.NamespaceDefault + "." + deploy.Domain
			awaitRoute(t, host)
			return host
		}
	}
	t.Fatalf("service %s is not ready after a minute: %s", name, last)
	return ""
}

// readiness is empty for a service that is ready, and otherwise says what is wrong.
func readiness(service *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(service.Object, "status", "conditions")
	for _, each := range conditions {
		condition, ok := each.(map[string]any)
		if ok && condition["type"] == "Ready" {
			if condition["status"] == "True" {
				return ""
			}
			return fmt.Sprint(condition["reason"], ": ", condition["message"])
		}
	}
	return "it has no condition yet"
}

// awaitRoute waits until requests for host reach the activator. Until the ingress knows a
// new service, it answers 404. Until kube-proxy knows the service's address, a connection
// of the ingress to it is lost, and the ingress waits for half a minute. The activator
// answers this probe by itself, so no instance is started.
func awaitRoute(t *testing.T, host string) {
	t.Helper()
	client := &http.Client{Timeout: 2 * time.Second}
	defer client.CloseIdleConnections()
	var last string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		last = send(t, client, "http://"+node.Ingress, host, http.Header{"K-Network-Probe": {"activator"}})
		if last == "200 OK: activator" {
			return
		}
	}
	t.Fatalf("no request for %s reached the activator within a minute: %s", host, last)
}

// get sends a request to the service at host, and returns the answer's body.
func get(t *testing.T, client *http.Client, url, host string) string {
	t.Helper()
	client.Timeout = time.Minute
	answer := send(t, client, url, host, nil)
	body, ok := strings.CutPrefix(answer, "200 OK: ")
	if !ok {
		t.Fatalf("GET %s of %s: %s", url, host, answer)
	}
	return body
}

// send sends a request and returns the status and the body of the answer, or what went
// wrong.
func send(t *testing.T, client *http.Client, url, host string, header http.Header) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	if header != nil {
		request.Header = header
	}
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return response.Status + ": " + string(body)
}

// only are protocols of which set sets one.
func only(set func(*http.Protocols, bool)) *http.Protocols {
	p := &http.Protocols{}
	set(p, true)
	return p
}

// toIngress connects to the ingress, whatever host a URL has.
func toIngress(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, node.IngressTLS)
}

// trusting is the configuration of a client that trusts the node's authority alone.
func trusting(t *testing.T, l node.Layout) *tls.Config {
	t.Helper()
	authority, err := os.ReadFile(l.CA())
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(authority) {
		t.Fatalf("no certificate of the authority in %s: %v", l.CA(), err)
	}
	return &tls.Config{RootCAs: roots}
}
