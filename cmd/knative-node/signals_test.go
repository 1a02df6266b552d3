package main

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"
)

// raise sends a signal to this process, and returns once it was taken.
func raise(t *testing.T, sig syscall.Signal, taken <-chan os.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		t.Fatal(err)
	}
	<-taken
}

func TestSignals(t *testing.T) {
	exits := make(chan struct{}, 1)
	ctx := handleSignals(t.Context(), func() { exits <- struct{}{} })
	taken := make(chan os.Signal, 1)
	signal.Notify(taken, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer signal.Reset()
	raise(t, syscall.SIGPIPE, taken)
	if ctx.Err() != nil {
		t.Error("a pipe without a reader ends the program")
	}
	raise(t, syscall.SIGHUP, taken)
	<-ctx.Done()
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		raise(t, sig, taken)
	}
	select {
	case <-exits:
		t.Fatal("signals of several kinds end the program at once")
	default:
	}
	raise(t, syscall.SIGTERM, taken)
	<-exits
}

func TestNohup(t *testing.T) {
	if !slices.Contains(handled(), os.Signal(syscall.SIGHUP)) {
		t.Error("a lost session ends the program on the spot")
	}
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	if slices.Contains(handled(), os.Signal(syscall.SIGHUP)) {
		t.Error("a lost session ends the program in spite of nohup")
	}
}
