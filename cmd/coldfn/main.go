// Command coldfn is the function under test: a tiny HTTP server whose every
// answer says which instance answered and when that instance came to life.
//
// It is a single static binary of the Go standard library alone, the same for
// every RuntimeClass, so that what differs between two classes is the class. It
// deliberately imports nothing of this module: the JSON that it answers with is
// a protocol (record.Function), and a test of loadgen holds the two together.
//
// Environment:
//
//	PORT                 where to listen, 8080 by default
//	HOSTNAME             the name of the pod, as the kubelet sets it
//	COLDFN_START_DELAY   a duration to sleep before listening: a slow start
//	COLDFN_ANSWER_DELAY  a duration to sleep before each answer: something to do
//	COLDFN_FAULT         what goes wrong on the first request of each process:
//	                     crash        the process exits with status 1
//	                     status500    the answer is a 500
//	                     hang         there is no answer
//	                     foreignBody  the answer is that of another service
//	                     stall        all requests wait for 5 s
//	COLDFN_FAULT_EVERY   a number N: it goes wrong on every Nth request instead
//
// SIGTERM ends it at once: Knative's queue-proxy has drained the requests by
// then, and a process 1 that does not handle the signal would never get it.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	entered := time.Now()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, entered, os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "coldfn:", err)
		os.Exit(1)
	}
}

// settings are what the environment asks for.
type settings struct {
	port        string
	startDelay  time.Duration
	answerDelay time.Duration
	fault       fault
	every       int64
}

func readSettings(getenv func(string) string) (settings, error) {
	s := settings{port: "8080"}
	if port := getenv("PORT"); port != "" {
		s.port = port
	}
	for name, delay := range map[string]*time.Duration{"COLDFN_START_DELAY": &s.startDelay, "COLDFN_ANSWER_DELAY": &s.answerDelay} {
		if text := getenv(name); text != "" {
			d, err := time.ParseDuration(text)
			if err != nil {
				return s, fmt.Errorf("read %s: %w", name, err)
			}
			*delay = d
		}
	}
	var err error
	if s.fault, err = parseFault(getenv("COLDFN_FAULT")); err != nil {
		return s, err
	}
	s.every, err = parseEvery(getenv("COLDFN_FAULT_EVERY"))
	return s, err
}

// run serves until the context ends.
func run(ctx context.Context, entered time.Time, getenv func(string) string) error {
	s, err := readSettings(getenv)
	if err != nil {
		return err
	}
	select {
	case <-time.After(s.startDelay):
	case <-ctx.Done():
		return nil
	}
	l, err := net.Listen("tcp", ":"+s.port)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	i := newInstance(getenv("HOSTNAME"), entered, time.Now(), s.fault)
	i.delay, i.every = s.answerDelay, s.every
	server := &http.Server{
		Handler:           i,
		ReadHeaderTimeout: time.Minute,
	}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
