package node

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// supervisorOf has a stand-in of the supervisor answer on the control socket of a new state folder.
func supervisorOf(t *testing.T, answer http.HandlerFunc) Layout {
	t.Helper()
	l := Layout{State: t.TempDir()}
	listener, err := net.Listen("unix", l.controlSocket())
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: answer}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	return l
}

func TestCallSendsABodyOnlyIfThereIsOne(t *testing.T) {
	l := supervisorOf(t, func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		answer(w, string(text), err)
	})
	for want, body := range map[string]any{"": nil, `{"a":1}`: map[string]int{"a": 1}} {
		var got string
		if err := l.call(t.Context(), time.Minute, http.MethodPost, "/", body, &got); err != nil || got != want {
			t.Errorf("%v: sent %q, want %q", err, got, want)
		}
	}
}

// A change that has begun is awaited to its end, and one that has not is not begun.
func TestChangeGoesOnAfterCtrlC(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	interrupted := make(chan bool)
	l := supervisorOf(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-interrupted
		_ = json.NewEncoder(w).Encode(Leftovers{Pods: 3})
	})
	options := ChangeOptions{OnInterrupt: func() { close(interrupted) }}
	var left Leftovers
	err := l.change(ctx, options, time.Minute, http.MethodDelete, "/handlers/x", nil, &left)
	if err != nil || left.Pods != 3 {
		t.Errorf("%v: %+v", err, left)
	}
	if err := l.change(ctx, options, time.Minute, http.MethodDelete, "/handlers/x", nil, &left); !errors.Is(err, context.Canceled) {
		t.Errorf("it was begun: %v", err)
	}
}
