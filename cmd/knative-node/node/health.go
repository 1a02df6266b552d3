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

// health asks components how they are.
type health struct{ client *http.Client }

// newHealth returns a health that trusts the node's authority and calls as its
// administrator.
func newHealth(kubeconfig string) (*health, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	tls, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: tls, DisableKeepAlives: true}
	return &health{&http.Client{Transport: transport, Timeout: 2 * time.Second}}, nil
}

// check returns nil when the component is well.
func (h *health) check(ctx context.Context, c component) error {
	if strings.HasPrefix(c.health, "/") {
		conn, err := net.DialTimeout("unix", c.health, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.health, nil)
	if err != nil {
		return err
	}
	answer, err := h.client.Do(request)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", c.health, answer.Status)
	}
	return nil
}

// await asks until the component is well or ctx ends.
func (h *health) await(ctx context.Context, c component) error {
	for {
		err := h.check(ctx, c)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not healthy: %w", c.Name, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
