package node

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// healthChecker asks daemons whether they are healthy.
type healthChecker struct{ client *http.Client }

// newHealthChecker returns a checker that trusts the node's certificate authority and
// calls as its administrator.
func newHealthChecker(kubeconfig string) (*healthChecker, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	tls, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: tls, DisableKeepAlives: true}
	return &healthChecker{&http.Client{Transport: transport, Timeout: 2 * time.Second}}, nil
}

// check returns nil when the daemon is healthy.
func (h *healthChecker) check(ctx context.Context, d daemon) error {
	if strings.HasPrefix(d.healthEndpoint, "/") {
		conn, err := net.DialTimeout("unix", d.healthEndpoint, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.healthEndpoint, nil)
	if err != nil {
		return err
	}
	response, err := h.client.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", d.healthEndpoint, response.Status)
	}
	return nil
}

// await waits until the daemon is healthy.
func (h *healthChecker) await(ctx context.Context, d daemon) error {
	err := until(ctx, 50*time.Millisecond, func(ctx context.Context) error { return h.check(ctx, d) })
	if err != nil {
		return fmt.Errorf("%s is not healthy: %w", d.Name, err)
	}
	return nil
}
