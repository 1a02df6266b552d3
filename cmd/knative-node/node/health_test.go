package node

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/process"
)

func TestHealthCheck(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	socket := filepath.Join(t.TempDir(), "daemon.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	checker := &healthChecker{server.Client()}
	for _, c := range []struct {
		name, endpoint string
		healthy        bool
	}{
		{"URL that answers 200", server.URL + "/healthz", true},
		{"URL that answers 500", server.URL + "/broken", false},
		{"socket", socket, true},
		{"socket that nobody listens on", socket + "2", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := daemon{Program: process.Program{Name: "d"}, healthEndpoint: c.endpoint}
			if err := checker.check(t.Context(), d); (err == nil) != c.healthy {
				t.Errorf("got %v, want healthy to be %v", err, c.healthy)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if err := checker.await(ended, d); err == nil && !c.healthy {
				t.Error("await took an unhealthy daemon for a healthy one")
			}
		})
	}
}
