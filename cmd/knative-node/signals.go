package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// handleSignals returns a context that ends with the first signal: then what was begun is
// removed. exit is called when the same signal comes again. Build services send a SIGINT
// and then a SIGTERM, and 'down' sends a SIGTERM to a boot that may be ending already.
//
// A write to a pipe without a reader fails, as any other write may, and does not end the
// program: that would leave a boot half done when Ctrl-C also ends the tee that it
// prints to.
func handleSignals(ctx context.Context, exit func()) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	taken := make(chan os.Signal, 8)
	signal.Notify(taken, handled()...)
	go func() {
		seen := map[os.Signal]bool{}
		for sig := range taken {
			if sig == syscall.SIGPIPE {
				continue
			}
			if seen[sig] && sig != syscall.SIGHUP {
				exit()
			}
			seen[sig] = true
			cancel()
		}
	}()
	return ctx
}

// handled are the signals that the program handles. Under nohup it outlives its session.
func handled() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}
