//go:build e2e

package main

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// watchProxy stands between the program and the API server, as the administrator,
// and has the watches of pods in its hand; all else passes.
type watchProxy struct {
	*httptest.Server
	forward http.Handler

	mu   sync.Mutex
	open chan struct{} // closed while watches pass
	cuts []context.CancelFunc
}

func newWatchProxy(t *testing.T) *watchProxy {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(nodeStateDir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	server, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(server); r.Out.Header.Del("Authorization") },
		Transport: transport, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
	}
	p := &watchProxy{forward: forward, open: make(chan struct{})}
	close(p.open)
	p.Server = httptest.NewUnstartedServer(p)
	p.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.Start()
	t.Cleanup(p.Close)
	return p
}

func (p *watchProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/pods") && r.URL.Query().Get("watch") == "true" {
		ctx, cut := context.WithCancel(r.Context())
		defer cut()
		p.mu.Lock()
		p.cuts = append(p.cuts, cut)
		p.mu.Unlock()
		if !p.pass(ctx) {
			return
		}
		w, r = gated{w, p, ctx}, r.WithContext(ctx)
	}
	p.forward.ServeHTTP(w, r)
}

// pass waits until watches may pass, and is false if ctx ends first.
func (p *watchProxy) pass(ctx context.Context) bool {
	p.mu.Lock()
	open := p.open
	p.mu.Unlock()
	select {
	case <-open:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// hold keeps back what watches deliver, and new watches, without a sign of it.
func (p *watchProxy) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = make(chan struct{})
}

// cut breaks the watches that there are.
func (p *watchProxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cut := range p.cuts {
		cut()
	}
	p.cuts = nil
}

// awaitHeld returns when a new watch has come after a cut.
func (p *watchProxy) awaitHeld(t *testing.T) {
	t.Helper()
	held := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.cuts) > 0
	}
	for began := time.Now(); !held(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatal("no new watch of pods came")
		}
	}
}

func (p *watchProxy) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.open)
}

// gated writes while watches pass.
type gated struct {
	http.ResponseWriter
	proxy *watchProxy
	ctx   context.Context
}

func (g gated) Write(b []byte) (int, error) {
	if !g.proxy.pass(g.ctx) {
		return 0, g.ctx.Err()
	}
	return g.ResponseWriter.Write(b)
}

func (g gated) Unwrap() http.ResponseWriter { return g.ResponseWriter }
