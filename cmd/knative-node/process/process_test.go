package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func shell(name, script string) Program {
	return Program{Name: name, Args: []string{"/bin/sh", "-c", script}, Env: []string{"WORD=hello"}}
}

func TestFailedDuringTheBoot(t *testing.T) {
	g := NewGroup(t.TempDir())
	if err := g.Start(shell("etcd", "echo first; echo $WORD >&2; exit 7")); err != nil {
		t.Fatal(err)
	}
	err := <-g.Failed()
	for _, want := range []string{"etcd", "exit status 7", "/bin/sh -c", "first", "hello"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

func TestRestartAfterTheBoot(t *testing.T) {
	dir := t.TempDir()
	g := NewGroup(dir)
	g.Settle()
	again := filepath.Join(dir, "again")
	if err := g.Start(shell("kubelet", "if [ -e "+again+" ]; then sleep 60; else touch "+again+"; exit 3; fi")); err != nil {
		t.Fatal(err)
	}
	defer g.Stop(context.Background(), time.Second)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		s := g.States()[0]
		if s.Running && s.Restarts == 1 {
			if s.LastExit != "exit status 3" {
				t.Errorf("last exit %q", s.LastExit)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not started again: %+v", s)
		}
	}
}

func TestStop(t *testing.T) {
	g := NewGroup(t.TempDir())
	for _, p := range []Program{shell("ends on SIGTERM", "sleep 60"), shell("ignores SIGTERM", "trap '' TERM; while :; do sleep 0.1; done")} {
		if err := g.Start(p); err != nil {
			t.Fatal(err)
		}
	}
	g.Stop(context.Background(), 200*time.Millisecond)
	for _, s := range g.States() {
		for deadline := time.Now().Add(10 * time.Second); syscall.Kill(s.PID, 0) == nil; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s still runs", s.Name)
			}
		}
	}
	select {
	case err := <-g.Failed():
		t.Errorf("stopping was reported as a failure: %v", err)
	default:
	}
}

func TestStartWithoutProgram(t *testing.T) {
	g := NewGroup(t.TempDir())
	if err := g.Start(Program{Name: "x", Args: []string{"/nosuch"}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// A restart that was asked for is none that the program has caused, and the program runs
// again at once.
func TestRestartOnDemand(t *testing.T) {
	for _, c := range []struct{ name, script string }{
		{"ends on SIGTERM", "sleep 60"},
		{"ignores SIGTERM", "trap '' TERM; while :; do sleep 0.1; done"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewGroup(t.TempDir())
			if err := g.Start(shell("containerd", c.script)); err != nil {
				t.Fatal(err)
			}
			g.Settle()
			defer g.Stop(context.Background(), time.Second)
			before := g.States()[0]
			if err := g.Restart(t.Context(), "containerd", 100*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			now := g.States()[0]
			if !now.Running || now.PID == before.PID || now.Restarts != 0 || now.LastExit != "" {
				t.Errorf("was %+v, is %+v", before, now)
			}
			if err := syscall.Kill(before.PID, 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("the process before still runs: %v", err)
			}
		})
	}
	if err := NewGroup(t.TempDir()).Restart(t.Context(), "etcd", 0); err == nil {
		t.Error("restarted what does not run")
	}
}
