package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSignals(t *testing.T) {
	const (
		interrupt = syscall.SIGINT
		term      = syscall.SIGTERM
		hup       = syscall.SIGHUP
		pipe      = syscall.SIGPIPE
	)
	for _, c := range []struct {
		name   string
		took   []syscall.Signal
		broken bool
		want   []ending
	}{
		{"Ctrl-C", []syscall.Signal{interrupt}, false, []ending{inOrder}},
		{"Ctrl-C twice", []syscall.Signal{interrupt, interrupt}, false, []ending{inOrder, atOnce}},
		{"a build service cancels", []syscall.Signal{interrupt, term}, false, []ending{inOrder, ignored}},
		{"kill", []syscall.Signal{term}, false, []ending{inOrder}},
		{"kill twice", []syscall.Signal{term, term}, false, []ending{inOrder, atOnce}},
		{"Ctrl-C after a kill", []syscall.Signal{term, interrupt}, false, []ending{inOrder, ignored}},
		{"a build service loses patience", []syscall.Signal{interrupt, term, term}, false, []ending{inOrder, ignored, atOnce}},
		{"a lost session", []syscall.Signal{hup, hup, term}, false, []ending{inOrder, ignored, ignored}},
		{"a pipe without a reader", []syscall.Signal{pipe, pipe, pipe}, true, []ending{inOrder, ignored, ignored}},
		{"Ctrl-C that also ends tee", []syscall.Signal{interrupt, pipe, pipe}, true, []ending{inOrder, ignored, ignored}},
		{"a broken connection", []syscall.Signal{pipe, interrupt}, false, []ending{ignored, inOrder}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := signals{brokenOutput: func() bool { return c.broken }}
			var got []ending
			for _, each := range c.took {
				got = append(got, s.take(each))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// withoutNohup has this program, and those that it starts, take a lost session as usual,
// also when the tests run under nohup.
func withoutNohup(t *testing.T) {
	t.Helper()
	taken := make(chan os.Signal, 1)
	signal.Notify(taken, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(taken) })
}

// waiting starts a command that waits for an API server that does not answer, and returns
// once it does so. Its standard error is a pipe, which the caller has read up to there.
func waiting(t *testing.T) (*exec.Cmd, *os.File) {
	t.Helper()
	withoutNohup(t)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(silentServer(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("kn-coldstart", "doctor", "--kubeconfig", path)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr, cmd.Dir = write, t.TempDir()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended if all is well
		read.Close()
	})
	if line, err := bufio.NewReader(read).ReadString('\n'); !strings.HasPrefix(line, "checking the cluster") {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd, read
}

// A signal that ends most programs on the spot ends this one in order, and a build
// service's two signals do so too.
func TestSignalsEndInOrder(t *testing.T) {
	for _, c := range []struct {
		name    string
		signals []syscall.Signal
	}{
		{"SIGHUP", []syscall.Signal{syscall.SIGHUP}},
		{"SIGINT and SIGTERM", []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd, stderr := waiting(t)
			for _, each := range c.signals {
				if err := cmd.Process.Signal(each); err != nil {
					t.Fatal(err)
				}
			}
			said, _ := io.ReadAll(stderr)
			_ = cmd.Wait() // its exit code is looked at
			if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
				t.Errorf("ended with %v, want exit code %d; standard error:\n%s", cmd.ProcessState, exitInterrupted, said)
			}
		})
	}
}

// As with `2>&1 | tee log`, where Ctrl-C ends tee at the same time.
func TestAPipeWithoutAReaderEndsInOrder(t *testing.T) {
	cmd, stderr := waiting(t)
	stderr.Close()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its exit code is looked at
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("ended with %v, want exit code %d", cmd.ProcessState, exitInterrupted)
	}
}

// A connection that is written to after the other side has gone raises the signal of a
// broken pipe, and is no reason to end.
func TestABrokenConnectionIsNoInterruption(t *testing.T) {
	ctx, stop := handleSignals(t.Context(), func() { t.Error("told of an interruption") }, func() { t.Error("exits") })
	defer stop()
	raised := make(chan os.Signal, 1)
	signal.Notify(raised, syscall.SIGPIPE)
	defer signal.Stop(raised)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	theirs, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	for err = nil; err == nil; { // the first write tells that the other side has gone
		_, err = conn.Write([]byte("x"))
	}
	<-raised
	select {
	case <-ctx.Done():
		t.Errorf("%v after %v", ctx.Err(), err)
	case <-time.After(100 * time.Millisecond): // for a wrong handling to take place
	}
}

func TestNohup(t *testing.T) {
	withoutNohup(t)
	if !slices.Contains(handled(), os.Signal(syscall.SIGHUP)) {
		t.Error("a lost session ends the program on the spot")
	}
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	if slices.Contains(handled(), os.Signal(syscall.SIGHUP)) {
		t.Error("a lost session ends the program in spite of nohup")
	}
}
