package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
)

// Host is the machine around the sandbox.
type Host struct{}

// Notes are the files that say what the node has changed on the host.
type Notes struct {
	Limits, Folders, Controllers string
}

// Clean removes what the node has left on the host, now that its processes have ended, and
// puts back what the notes say. A note that cannot be read is told to warn: what it held
// cannot be put back, and nothing else has to wait.
func (Host) Clean(notes Notes, warn func(error)) error {
	return errors.Join(
		RemoveLink(),
		RemoveGuard(),
		RemoveCgroups(),
		despiteUnreadable(TakeBackControllers(notes.Controllers), warn),
		despiteUnreadable(RestoreLimits(notes.Limits), warn),
		despiteUnreadable(RemoveFolders(notes.Folders), warn),
	)
}

func despiteUnreadable(err error, warn func(error)) error {
	if errors.Is(err, note.ErrUnreadable) {
		warn(err)
		return nil
	}
	return err
}

// FirstProcess returns the PID of the first process of a sandbox that runs, or 0. It finds
// the process in the node's cgroups, so it needs no note about it.
func (Host) FirstProcess() (int, error) {
	mounts, err := cgroupMounts()
	if err != nil {
		return 0, err
	}
	for _, m := range mounts {
		pid, err := firstIn(filepath.Join(m.Mountpoint, cgroupName))
		if err != nil || pid != 0 {
			return pid, err
		}
	}
	return 0, nil
}

// firstIn looks for the sandbox's first process in a group and those below it.
func firstIn(group string) (int, error) {
	found := 0
	err := filepath.WalkDir(group, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // a group may end while it is looked at
			return nil
		}
		if err != nil || !d.IsDir() {
			return err
		}
		pids, _ := os.ReadFile(filepath.Join(path, "cgroup.procs")) // as above
		for _, text := range strings.Fields(string(pids)) {
			if pid, err := strconv.Atoi(text); err == nil && isFirst(pid) {
				found = pid
				return fs.SkipAll
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look for processes of the node: %w", err)
	}
	return found, nil
}

// isFirst says whether a process is the first one of a PID namespace directly below the
// host's. The pods' own first processes are one level deeper.
func isFirst(pid int) bool {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return false
	}
	status, err := process.NewStatus()
	return err == nil && len(status.NSpids) == 2 && status.NSpids[1] == 1
}
