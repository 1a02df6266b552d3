package ingress

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"knative.dev/networking/pkg/http/header"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
)

const (
	routeTimeout = time.Minute
	probeTimeout = 3 * time.Second
)

var adviseRoute = ksvc.NewAdvice("check that the ingress controller runs, and name its address with --ingress-address")

// AwaitRoute returns when a request for the target's host would travel through the
// ingress to the activator. A Service may be Ready some time before its ingress has
// heard of it, and until then the ingress answers 404. AwaitRoute asks with Knative's
// own network probe. The activator answers it by itself, so that no instance is
// started, and the autoscaler does not count it. This is the one thing that has to be
// tried again and again, because nothing tells of it.
func AwaitRoute(ctx context.Context, t record.Target) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, routeTimeout)
	defer cancel()
	// Whose certificate it is matters to the requests under test. Here only the way does.
	way := &tls.Config{ServerName: t.Host, InsecureSkipVerify: true}
	client := &http.Client{Timeout: probeTimeout, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: way}}
	for again := 20 * time.Millisecond; ; again = min(2*again, time.Second) {
		answer := probeRoute(ctx, client, t)
		if answer == ksvc.Activator {
			return nil
		}
		if feed.Pause(ctx, nil, again) != nil {
			err := &ksvc.TimeoutError{Waited: time.Since(began), Last: answer}
			return ksvc.WithHint(fmt.Errorf("wait for ingress %s to route %s to the activator: %w", t.Address, t.Host, err), adviseRoute)
		}
	}
}

// probeRoute is the name of who answers the probe, or what went wrong.
func probeRoute(ctx context.Context, client *http.Client, t record.Target) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, cmp.Or(t.Scheme, "http")+"://"+t.Address+"/", nil)
	if err != nil {
		return err.Error()
	}
	request.Host = t.Host
	request.Header.Set(header.ProbeKey, ksvc.Activator)
	answer, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, phrase.Limit))
	if err != nil {
		return err.Error()
	}
	if answer.StatusCode == http.StatusOK && strings.TrimSpace(string(body)) == ksvc.Activator {
		return ksvc.Activator
	}
	return phrase.Join("answered "+answer.Status, string(body))
}
