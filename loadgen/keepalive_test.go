package loadgen

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// countingServer answers "hello", and closes the connection after an answer to /last. It
// lists the client's addresses in the order of the requests.
func countingServer(t *testing.T) (address string, clients func() []string) {
	var mu sync.Mutex
	var all []string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		all = append(all, r.RemoteAddr)
		mu.Unlock()
		if r.URL.Path == "/last" {
			w.Header().Set("Connection", "close")
		}
		w.Write([]byte("hello"))
	}))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// A request that is kept alive is sent again over the same connection, with a body too,
// until the server wants to close it. Its instants are those of each time.
func TestKeepAlive(t *testing.T) {
	for name, protocol := range map[string]Protocol{"http1": HTTP1{}, "http2": HTTP2{}} {
		for path, connections := range map[string]int{"/": 1, "/last": 3} {
			t.Run(name+path, func(t *testing.T) {
				address, clients := countingServer(t)
				c := newClient(5 * time.Second)
				c.KeepAlive, c.Protocol, c.Message = true, protocol, Message{Method: http.MethodPost, Path: path, Body: []byte("body")}
				r, err := c.Prepare(targetAt(address))
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				var before record.Sample
				for i := range 3 {
					s, err := r.Send(t.Context(), c.Clock.Now())
					if err != nil || s.Outcome != record.OK || s.BodyBytes != 5 {
						t.Fatalf("request %d: %s %s, %v", i, s.Outcome, s.Error, err)
					}
					if s.Wrote < s.Sent || s.FirstByte < s.Wrote || s.Done < s.FirstByte || s.Sent < before.Done {
						t.Errorf("request %d: sent %v, wrote %v, first byte %v, done %v", i, s.Sent, s.Wrote, s.FirstByte, s.Done)
					}
					before = s
				}
				if seen := slices.Compact(clients()); len(seen) != connections {
					t.Errorf("connections from %s, want %d of them", strings.Join(seen, ", "), connections)
				}
			})
		}
	}
}
