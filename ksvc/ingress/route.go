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
	client := NewProber(t.Host)
	for again := 20 * time.Millisecond; ; again = min(2*again, time.Second) {
		answer := Probe(ctx, client, t)
		if answer.Through {
			return nil
		}
		if feed.Pause(ctx, nil, again) != nil {
			err := &ksvc.TimeoutError{Waited: time.Since(began), Last: answer.Text}
			return ksvc.WithHint(fmt.Errorf("wait for ingress %s to route %s to the activator: %w", t.Address, t.Host, err), adviseRoute)
		}
	}
}

// NewProber is a client that probes the way to a host, with a connection for each probe.
func NewProber(host string) *http.Client {
	// Whose certificate it is matters to the requests under test. Here only the way does.
	way := &tls.Config{ServerName: host, InsecureSkipVerify: true}
	return &http.Client{Timeout: probeTimeout, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: way}}
}

// Answer is what became of a probe.
type Answer struct {
	// Through says that the activator answered, so that the ingress lets requests through.
	Through bool
	// Unclear says that somebody else answered, and not with an error: perhaps the function,
	// to which an ingress may send requests past the activator.
	Unclear bool
	// Text is who answered, or what went wrong.
	Text string
}

// Probe asks once whether requests for the target's host travel through the ingress to
// the activator. It starts no instance; see AwaitRoute.
func Probe(ctx context.Context, client *http.Client, t record.Target) Answer {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, cmp.Or(t.Scheme, "http")+"://"+t.Address+"/", nil)
	if err != nil {
		return Answer{Text: err.Error()}
	}
	request.Host = t.Host
	request.Header.Set(header.ProbeKey, ksvc.Activator)
	answer, err := client.Do(request)
	if err != nil {
		return Answer{Text: err.Error()}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, phrase.Limit))
	if err != nil {
		return Answer{Text: err.Error()}
	}
	if answer.StatusCode == http.StatusOK && strings.TrimSpace(string(body)) == ksvc.Activator {
		return Answer{Through: true, Text: ksvc.Activator}
	}
	return Answer{Unclear: answer.StatusCode < http.StatusMultipleChoices, Text: phrase.Join("answered "+answer.Status, string(body))}
}
