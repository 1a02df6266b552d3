// Package live serves the HTML report of a run while it goes on.
//
// It reads the run file, as every other reader does, and knows nothing else of the run. It
// is meant for a process of its own, of a low priority: drawing a page takes a processor
// for as long as it takes, and the one that measures must not wait for it. What is drawn is
// drawn when somebody looks: a page that is open listens to server-sent events, and while
// none does, nothing is read and no time passes in vain.
//
// Others must not read it. A run file is its owner's alone, so that the page's address has
// a part that cannot be guessed. And it is for no other page: it answers neither to names
// that a foreign server may have pointed at this computer (DNS rebinding) nor to requests
// that another origin has made.
package live

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Server serves one run.
type Server struct {
	listener net.Listener
	http     http.Server
	view     *view
	// host is how the page may be called beside addresses and localhost.
	host  string
	token string
	ended chan struct{}
}

// Listen begins to serve at HOST:PORT. Nothing has been measured yet.
func Listen(address string) (*Server, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	s := &Server{listener: l, view: newView(), host: host, token: strings.ToLower(rand.Text()), ended: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+s.token+"/{$}", s.page)
	mux.HandleFunc("GET /"+s.token+"/events", s.events)
	s.http = http.Server{Handler: s.guarded(mux), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go func() { _ = s.http.Serve(l) }() // it ends when it is shut down
	return s, nil
}

// URL is where the page is.
func (s *Server) URL() string {
	_, port, _ := net.SplitHostPort(s.listener.Addr().String()) // it is one of TCP
	return "http://" + net.JoinHostPort(s.host, port) + "/" + s.token + "/"
}

// Follow shows the run file at path from now on.
func (s *Server) Follow(path string) { s.view.follow(path) }

// End shows the run file a last time to everybody who looks, and stops.
func (s *Server) End(ctx context.Context) error {
	close(s.ended)
	return s.http.Shutdown(ctx)
}

// guarded refuses what another page may have asked for.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		switch {
		case !s.isOurs(r.Host):
			http.Error(w, "this host name is not served: use the address that kn-coldstart has said", http.StatusMisdirectedRequest)
			return
		case origin != "" && origin != "http://"+r.Host, site != "" && site != "none" && site != "same-origin":
			http.Error(w, "another page must not read this one", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// isOurs says whether a Host header names this server: by an address, which no foreign
// name server can give out, as localhost, or as it was asked for.
func (s *Server) isOurs(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return strings.EqualFold(host, "localhost") || s.host != "" && strings.EqualFold(host, s.host)
}

func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	page, err := s.view.whole()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page) // whoever has gone need not be told
}

// lookEvery is how often the file is looked at for somebody who is there.
const lookEvery = 500 * time.Millisecond

// writeLimit is how long a browser may take for one version of the page.
const writeLimit = 10 * time.Second

// events sends each new version of the page until the run has ended. With ?only=end it
// sends the last one alone.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := stream{w, http.NewResponseController(w)}
	if err := out.begin(); err != nil {
		return
	}
	seen := 0
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	if r.URL.Query().Get("only") == "end" {
		tick.Stop()
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case <-s.ended:
			// What cannot be read at the end is what was read before.
			now, _ := s.view.look(true)
			_ = out.send("ended", now)
			return
		case <-tick.C:
			now, err := s.view.look(false)
			if err != nil || now.version == seen {
				continue // the next look may tell more
			}
			seen = now.version
			if out.send("changed", now) != nil {
				return
			}
		}
	}
}

// stream is a stream of server-sent events.
type stream struct {
	w          http.ResponseWriter
	controller *http.ResponseController
}

// begin lets the browser know that there is somebody.
func (s stream) begin() error { return s.write(": kn-coldstart\n\n") }

// send sends what was drawn as one line of JSON.
func (s stream) send(event string, d drawn) error {
	text, err := json.Marshal(map[string]any{"content": string(d.content), "everyMs": d.every.Milliseconds()})
	if err != nil {
		return err
	}
	return s.write(fmt.Sprintf("event: %s\ndata: %s\n\n", event, text))
}

func (s stream) write(text string) error {
	if err := s.controller.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.controller.Flush()
}
