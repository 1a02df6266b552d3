package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
)

// This file is how commands on the host talk to the supervisor: HTTP with JSON, on the
// control socket. An error is a text with the status 422.

// serve answers on the control socket.
func (b *boot) serve() (*http.Server, error) {
	listener, err := net.Listen("unix", b.controlSocket())
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		answer(w, b.components(r.Context()), nil)
	})
	mux.HandleFunc("POST /handlers", func(w http.ResponseWriter, r *http.Request) {
		var h handler.Handler
		err := json.NewDecoder(r.Body).Decode(&h)
		if err == nil {
			err = b.addHandler(r.Context(), h)
		}
		answer(w, nil, err)
	})
	mux.HandleFunc("DELETE /handlers/{name}", func(w http.ResponseWriter, r *http.Request) {
		left, err := b.removeHandler(r.Context(), r.PathValue("name"))
		answer(w, left, err)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	return server, nil
}

// answer writes the value, or the error. It fails only if the caller has gone.
func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

// call asks the supervisor of the node that runs in the state folder, and reads its answer
// into the value. A body that is nil is not sent.
func (l Layout) call(ctx context.Context, limit time.Duration, method, path string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	client := http.Client{Timeout: limit, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", l.controlSocket())
		},
	}}
	request, err := http.NewRequestWithContext(ctx, method, "http://node"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		said, err := io.ReadAll(response.Body)
		return errors.Join(err, errors.New(strings.TrimSpace(string(said))))
	}
	return json.NewDecoder(response.Body).Decode(into)
}
