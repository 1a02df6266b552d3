package node

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"
)

func noWait(t *testing.T) func(Holder) {
	return func(h Holder) { t.Errorf("waits for %+v", h) }
}

// TestHold has a second command wait for a first one, which it names.
func TestHold(t *testing.T) {
	m := machine{t.TempDir()}
	release, err := m.hold(t.Context(), Holder{Does: Boots, State: "/a"}, noWait(t))
	if err != nil {
		t.Fatal(err)
	}
	waits, second := make(chan Holder, 1), make(chan error, 1)
	go func() {
		release, err := m.hold(t.Context(), Holder{Does: Removes, State: "/b"}, func(h Holder) { waits <- h })
		if err == nil {
			release()
		}
		second <- err
	}()
	if got, want := <-waits, (Holder{PID: os.Getpid(), Does: Boots, State: "/a"}); got != want {
		t.Errorf("waits for %+v, want %+v", got, want)
	}
	select {
	case err := <-second:
		t.Fatalf("the second has the lock beside the first: %v", err)
	default:
	}
	release()
	if err := <-second; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(m.lockFile()); !os.IsNotExist(err) {
		t.Errorf("the lock file is left: %v", err)
	}
}

func TestHoldEndsWithTheContext(t *testing.T) {
	m := machine{t.TempDir()}
	release, err := m.hold(t.Context(), Holder{}, noWait(t))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := m.hold(ctx, Holder{}, func(Holder) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestHoldUp has a command wait for another one that removes the node meanwhile.
func TestHoldUp(t *testing.T) {
	m, l := machine{t.TempDir()}, Layout{State: t.TempDir()}
	first, err := l.remember(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.rememberBooted(*first); err != nil {
		t.Fatal(err)
	}
	release, err := m.holdUp(t.Context(), l, Changes, noWait(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.holdUp(t.Context(), l, Measures, func(Holder) {
		if err := os.Remove(l.runningFile()); err != nil {
			t.Error(err)
		}
		release()
	})
	if !errors.Is(err, ErrNotUp) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(m.lockFile()); !os.IsNotExist(err) {
		t.Errorf("the lock file is left: %v", err)
	}
}

// lockToHold makes the test's program take the lock in a folder and keep it.
const lockToHold = "KNATIVE_NODE_TEST_LOCK"

func TestMain(m *testing.M) {
	if folder := os.Getenv(lockToHold); folder != "" {
		if _, err := (machine{folder}).hold(context.Background(), Holder{Does: Boots}, func(Holder) {}); err != nil {
			os.Exit(1)
		}
		os.Stdout.WriteString("held\n")
		time.Sleep(time.Minute)
	}
	os.Exit(m.Run())
}

// TestHoldAfterAKill takes the lock of a process that was killed.
func TestHoldAfterAKill(t *testing.T) {
	m := machine{t.TempDir()}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), lockToHold+"="+m.run)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := m.hold(ctx, Holder{}, func(Holder) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("the lock of a process that runs: %v", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	release, err := m.hold(t.Context(), Holder{}, noWait(t))
	if err != nil {
		t.Fatal(err)
	}
	release()
}
