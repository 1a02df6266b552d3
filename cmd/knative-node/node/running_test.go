package node

import (
	"errors"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
)

// TestRunning takes the process of the test for a node, and then an ended process that
// had the same PID.
func TestRunning(t *testing.T) {
	l := Layout{State: t.TempDir()}
	if up, err := l.IsUp(); err != nil || up {
		t.Errorf("without a node: up is %v, %v", up, err)
	}
	booting, err := l.remember(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if up, err := l.IsUp(); err != nil || up {
		t.Errorf("while the node boots: up is %v, %v", up, err)
	}
	if err := l.rememberBooted(*booting); err != nil {
		t.Fatal(err)
	}
	if up, err := l.IsUp(); err != nil || !up {
		t.Errorf("once the node has booted: up is %v, %v", up, err)
	}
	first, err := l.running()
	if err != nil || first == nil || first.PID != os.Getpid() {
		t.Errorf("got %+v, %v", first, err)
	}
	ended := `{"pid":` + strconv.Itoa(os.Getpid()) + `,"startTime":"1"}`
	writeFile(t, l.runningFile(), ended)
	if up, err := l.IsUp(); err != nil || up {
		t.Errorf("another process with the same PID: up is %v, %v", up, err)
	}
	for _, destroyed := range []string{"", "{"} {
		writeFile(t, l.runningFile(), destroyed)
		if up, err := l.IsUp(); up || !errors.Is(err, note.ErrUnreadable) {
			t.Errorf("a note that holds %q: up is %v, %v", destroyed, up, err)
		}
	}
}

func TestEnd(t *testing.T) {
	cmd, err := os.StartProcess("/bin/sleep", []string{"sleep", "60"}, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = cmd.Wait() }()
	start, err := startTime(cmd.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := (firstProcess{PID: cmd.Pid, StartTime: start}).end(10 * time.Second); err != nil {
		t.Error(err)
	}
	if now, err := startTime(cmd.Pid); err == nil && now == start && syscall.Kill(cmd.Pid, 0) == nil {
		t.Error("the process still runs")
	}
}
