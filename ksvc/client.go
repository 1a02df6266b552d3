package ksvc

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	networking "knative.dev/networking/pkg/client/clientset/versioned"
	serving "knative.dev/serving/pkg/client/clientset/versioned"
)

// How many requests a second the client may make. With client-go's defaults, 5 and
// 10, this program would measure how long it waits for itself.
const (
	clientQPS   = 300
	clientBurst = 500
)

const protobuf = "application/vnd.kubernetes.protobuf"

// Client talks to one cluster, in one namespace. Its fields are interfaces so
// that tests use the generated fakes.
type Client struct {
	Kubernetes kubernetes.Interface
	Serving    serving.Interface
	Networking networking.Interface
	// Namespace is where services are created.
	Namespace string
	// Server is the API server's address, for messages.
	Server string

	// server and transport reach what no clientset does.
	server    *url.URL
	transport http.RoundTripper

	requests atomic.Int64
	// untried says that the API server has never answered this client.
	untried atomic.Bool
}

// Requests is how many requests have been made to the API server. A watch is one,
// however much it tells.
func (c *Client) Requests() int64 { return c.requests.Load() }

// Kubeconfig says which cluster to talk to. Empty fields mean what they mean to
// kubectl: $KUBECONFIG or ~/.kube/config, its current context, the context's
// namespace.
type Kubeconfig struct {
	Path      string
	Context   string
	Namespace string
}

// Connect reads the kubeconfig and makes the clients. It does not talk to the
// cluster yet: Reach does, and whatever else is asked first.
func Connect(k Kubeconfig) (*Client, error) {
	config, namespace, err := k.Load()
	if err != nil {
		return nil, err
	}
	if err := ValidateNamespace(namespace); err != nil {
		return nil, err
	}
	return NewClient(config, namespace)
}

// Load reads the configuration of a client and the namespace.
func (k Kubeconfig) Load() (*rest.Config, string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = k.Path
	overrides := &clientcmd.ConfigOverrides{CurrentContext: k.Context}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)

	config, err := loader.ClientConfig()
	if err != nil {
		return nil, "", k.explain(err, loader, rules.GetLoadingPrecedence())
	}
	namespace := k.Namespace
	if namespace == "" {
		if namespace, _, err = loader.Namespace(); err != nil {
			return nil, "", fmt.Errorf("read namespace of kubeconfig: %w", err)
		}
	}
	return config, namespace, nil
}

var (
	adviseFile     = NewAdvice("name a kubeconfig that exists with --kubeconfig")
	adviseCluster  = NewAdvice("name a cluster with --kubeconfig or KUBECONFIG, or start the embedded node with `kn-coldstart cluster up`")
	adviseContexts = NewAdvice("contexts there are: %s")
	adviseView     = NewAdvice("check --kubeconfig and --context with `kubectl config view`")
)

// explain turns clientcmd's errors into what was attempted and what to do. files are where a
// kubeconfig was looked for.
func (k Kubeconfig) explain(err error, loader clientcmd.ClientConfig, files []string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return WithHint(fmt.Errorf("read kubeconfig %s: no such file", k.Path), adviseFile)
	}
	if clientcmd.IsEmptyConfig(err) {
		return WithHint(fmt.Errorf("read kubeconfig: none found at %s", strings.Join(files, ", ")), adviseCluster)
	}
	if raw, rawErr := loader.RawConfig(); rawErr == nil && k.Context != "" && raw.Contexts[k.Context] == nil {
		known := slices.Sorted(maps.Keys(raw.Contexts))
		return WithHint(fmt.Errorf("read kubeconfig: context %q is not in it", k.Context),
			adviseContexts.With(strings.Join(known, ", ")))
	}
	return WithHint(fmt.Errorf("read kubeconfig: %w", err), adviseView)
}

// NewClient makes a client of a configuration that the caller has.
func NewClient(config *rest.Config, namespace string) (*Client, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = clientQPS, clientBurst
	config.UserAgent = "kn-coldstart"
	config.WarningHandler = rest.NoWarnings{}
	// Each watch has a connection of its own and reads from it directly. Under
	// HTTP/2 every change would pass through one more goroutine and a pipe and be
	// acknowledged on the way, which took a fifth of this program's CPU time.
	config.NextProtos = []string{"http/1.1"}
	c := &Client{Namespace: namespace, Server: config.Host}
	c.untried.Store(true)
	config.Wrap(c.wrap)

	var err error
	if c.server, _, err = rest.DefaultServerUrlFor(config); err == nil {
		c.transport, err = rest.TransportFor(config)
	}
	if err != nil {
		return nil, fmt.Errorf("make client of API server %s: %w", config.Host, err)
	}

	// Built-in types travel as protobuf: decoding JSON would cost several
	// milliseconds of CPU per sample on the machine being measured.
	binary := rest.CopyConfig(config)
	binary.ContentType = protobuf
	binary.AcceptContentTypes = protobuf + ",application/json"

	if c.Kubernetes, err = kubernetes.NewForConfig(binary); err != nil {
		return nil, fmt.Errorf("make Kubernetes client: %w", err)
	}
	if c.Serving, err = serving.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("make Knative Serving client: %w", err)
	}
	if c.Networking, err = networking.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("make Knative networking client: %w", err)
	}
	return c, nil
}
