package node

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"github.com/prometheus/procfs"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
)

// firstProcess identifies a running node by the first process of its sandbox, as the
// host sees it.
type firstProcess struct {
	PID int `json:"pid"`
	// StartTime is when the process started, in clock ticks since the host booted. It
	// tells the process from a later one with the same PID.
	StartTime uint64 `json:"startTime,string"`
	// Booting says that Knative did not answer yet. If no Up is under way, the boot was
	// killed.
	Booting bool `json:"booting,omitempty"`
}

// IsUp says whether a node runs in the state folder and has booted. Its error is
// note.ErrUnreadable where the note about it was destroyed; then there is no node.
func (l Layout) IsUp() (bool, error) {
	first, err := l.running()
	return first != nil && !first.Booting, err
}

// running returns the first process of the node that runs in the state folder, or nil
// if there is none.
func (l Layout) running() (*firstProcess, error) {
	var first firstProcess
	err := note.Read(l.runningFile(), &first)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !first.runs() {
		return nil, nil
	}
	return &first, nil
}

// remember writes down that the process is the first of a node that boots.
func (l Layout) remember(pid int) (*firstProcess, error) {
	start, err := startTime(pid)
	if err != nil {
		return nil, err
	}
	first := firstProcess{PID: pid, StartTime: start, Booting: true}
	return &first, note.Write(l.runningFile(), first)
}

// rememberBooted writes down that Knative answers.
func (l Layout) rememberBooted(first firstProcess) error {
	first.Booting = false
	return note.Write(l.runningFile(), first)
}

func startTime(pid int) (uint64, error) {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return 0, err
	}
	stat, err := process.Stat()
	return stat.Starttime, err
}

func (p firstProcess) runs() bool {
	start, err := startTime(p.PID)
	return err == nil && start == p.StartTime
}

// end ends the node's first process, and with it all others. It sends a SIGTERM, and a
// SIGKILL if the process still runs after the grace period.
func (p firstProcess) end(grace time.Duration) error {
	const killGrace = 10 * time.Second
	for _, s := range []struct {
		signal syscall.Signal
		grace  time.Duration
	}{{syscall.SIGTERM, grace}, {syscall.SIGKILL, killGrace}} {
		if err := syscall.Kill(p.PID, s.signal); errors.Is(err, syscall.ESRCH) {
			return nil
		}
		for deadline := time.Now().Add(s.grace); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if !p.runs() {
				return nil
			}
		}
	}
	return fmt.Errorf("end the node: process %d still runs %s after a SIGKILL", p.PID, killGrace)
}
