package node

import (
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// TestRunning takes the process of the test for a node, and then an ended process that
// had the same PID.
func TestRunning(t *testing.T) {
	l := Layout{State: t.TempDir()}
	if up, err := l.IsUp(); err != nil || up {
		t.Errorf("without a node: up is %v, %v", up, err)
	}
	if err := l.remember(os.Getpid()); err != nil {
		t.Fatal(err)
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
	writeFile(t, l.runningFile(), "{")
	if _, err := l.IsUp(); err == nil {
		t.Error("a file that cannot be read is taken for a node that is down")
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
