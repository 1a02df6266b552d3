// Command workfn is the function of `kn-coldstart work`: an HTTP server that runs one of
// the programs of the published studies for each request, in its own instance, and answers
// with the figures that the program printed.
//
// Like coldfn it imports nothing of the tool: its answer is a protocol (record.Figure and
// record.Function), which a test holds against the tool's types. Its image has the programs
// beside it; scripts/functions makes it of packages of Debian.
//
// GET / runs nothing, and is answered at once. Other requests are
// GET /PROGRAM?requests=N&seconds=N, where PROGRAM is one of:
//
//	redis            redis-benchmark with its default tests against a redis-server of its
//	                 own: N requests for each command
//	7zip             7zz b: each step of the benchmark takes N seconds at least
//	sysbench-cpu     sysbench cpu, prime numbers to 20000, for N seconds
//	sysbench-memory  sysbench memory with its defaults, for N seconds
//	sysbench-fileio  sysbench fileio: sequential read, write and rewrite, for N seconds each
//
// The first two take the number that is theirs, and need not be given the other. A program
// that fails, or whose output is not understood, is answered with status 500 and the text.
//
// Environment:
//
//	PORT      where to listen, 8080 by default
//	HOST      the address to listen at, all by default
//	HOSTNAME  the name of the pod, as the kubelet sets it
package main

import (
	"cmp"
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
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "workfn:", err)
		os.Exit(1)
	}
}

// run serves until the context ends, and with it the program that runs then.
func run(ctx context.Context, getenv func(string) string) error {
	l, err := net.Listen("tcp", net.JoinHostPort(getenv("HOST"), cmp.Or(getenv("PORT"), "8080")))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return serve(ctx, l, newInstance(getenv("HOSTNAME")))
}

// endLimit is how long the end of the program that runs may take. It is less than package
// native allows.
const endLimit = 8 * time.Second

// serve returns when what was under way at the end of the context has ended, too.
func serve(ctx context.Context, l net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: time.Minute,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	defer context.AfterFunc(ctx, func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
		defer cancel()
		ended <- server.Shutdown(limited)
	})()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	if err := <-ended; err != nil {
		return fmt.Errorf("wait %v for the program that runs to end: %w", endLimit, err)
	}
	return nil
}
