package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// ending says what a signal does to the program.
type ending int

const (
	ignored ending = iota
	// inOrder ends what is under way, restores what was changed and deletes what was
	// created.
	inOrder
	// atOnce leaves everything as it is.
	atOnce
)

// signals decides what signals mean. The zero value has seen none.
type signals struct {
	seen map[os.Signal]int
	// brokenOutput says whether nobody reads standard output or standard error any more.
	brokenOutput func() bool
}

// take takes one signal. The first one ends the program in order, be it Ctrl-C, a terminal
// that is gone or a pipe that nobody reads. Only somebody who repeats himself wants the
// program to end at once: build services send a SIGINT and then a SIGTERM, and a lost
// session may come with signals of several kinds.
func (s *signals) take(sig os.Signal) ending {
	// A connection that breaks while it is written to raises the same signal as a pipe.
	if sig == syscall.SIGPIPE && !s.brokenOutput() {
		return ignored
	}
	if s.seen == nil {
		s.seen = map[os.Signal]int{}
	}
	first := len(s.seen) == 0
	s.seen[sig]++
	switch repeated := s.seen[sig] > 1; {
	case first:
		return inOrder
	case repeated && (sig == os.Interrupt || sig == syscall.SIGTERM):
		return atOnce
	}
	return ignored
}

// firstSignal is the key of a context for the signal that ended it.
type firstSignal struct{}

// endedBy is the signal that ended a context of handleSignals, or nil.
func endedBy(ctx context.Context) os.Signal {
	first, ok := ctx.Value(firstSignal{}).(*atomic.Value)
	if !ok {
		return nil
	}
	sig, _ := first.Load().(os.Signal)
	return sig
}

// keepsRunning says that a signal does not ask for the end of what runs elsewhere: the
// terminal was closed, or nobody reads the output any more.
func keepsRunning(sig os.Signal) bool { return sig == syscall.SIGHUP || sig == syscall.SIGPIPE }

// handleSignals returns a context that ends with the first signal, after tell was called,
// and calls exit when the program is to end at once. stop ends the handling.
func handleSignals(ctx context.Context, tell, exit func()) (_ context.Context, stop func()) {
	first := &atomic.Value{}
	ctx, cancel := context.WithCancel(context.WithValue(ctx, firstSignal{}, first))
	taken := make(chan os.Signal, 8)
	signal.Notify(taken, handled()...)
	done := make(chan struct{})
	go func() {
		s := signals{brokenOutput: brokenOutput}
		for {
			select {
			case <-done:
				return
			case sig := <-taken:
				switch s.take(sig) {
				case inOrder:
					first.Store(sig)
					cancel()
					tell()
				case atOnce:
					exit()
				}
			}
		}
	}()
	return ctx, func() {
		// What is said last must not end the program with another exit code. Between the two
		// a broken pipe would do so, were they the other way round.
		signal.Ignore(syscall.SIGPIPE)
		signal.Stop(taken)
		close(done)
		cancel()
	}
}

// handled are the signals that the program handles. Under nohup it outlives its session.
func handled() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}
