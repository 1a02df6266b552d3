package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// Instance identifies a running node by its first process, as the host sees it.
type Instance struct {
	PID int `json:"pid"`
	// StartTime is the process's, in ticks since the machine's boot: a PID that
	// was used again has another.
	StartTime string `json:"startTime"`
	Dist      string `json:"dist"`
}

// Running is the node that runs in the state folder, or nil.
func (l Layout) Running() (*Instance, error) {
	b, err := os.ReadFile(l.instanceFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var i Instance
	if err := json.Unmarshal(b, &i); err != nil {
		return nil, fmt.Errorf("read %s: %w", l.instanceFile(), err)
	}
	if start, err := startTime(i.PID); err != nil || start != i.StartTime {
		return nil, nil
	}
	return &i, nil
}

func (l Layout) remember(pid int) error {
	start, err := startTime(pid)
	if err != nil {
		return err
	}
	b, err := json.Marshal(Instance{PID: pid, StartTime: start, Dist: l.Dist})
	if err != nil {
		return err
	}
	return os.WriteFile(l.instanceFile(), b, 0o600)
}

// startTime is field 22 of /proc/PID/stat (see proc(5)). The second field may
// hold spaces and ends at the last parenthesis.
func startTime(pid int) (string, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	stat := string(b)
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return "", fmt.Errorf("process %d: malformed stat", pid)
	}
	return fields[19], nil
}

// end ends the node's first process, and with it all others: by SIGTERM, and by
// SIGKILL after the grace period.
func (i *Instance) end(grace time.Duration) error {
	signals := []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, grace}, {syscall.SIGKILL, 10 * time.Second}}
	for _, s := range signals {
		if err := syscall.Kill(i.PID, s.signal); errors.Is(err, syscall.ESRCH) {
			return nil
		}
		for deadline := time.Now().Add(s.wait); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if start, err := startTime(i.PID); err != nil || start != i.StartTime {
				return nil
			}
		}
	}
	return fmt.Errorf("process %d did not end", i.PID)
}
