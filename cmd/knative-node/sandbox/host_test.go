package sandbox

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
)

// TestFirstIn finds the first process of a PID namespace among others of a group.
func TestFirstIn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("new namespaces need root")
	}
	cmd := exec.Command("/bin/sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	group := filepath.Join(t.TempDir(), cgroupName)
	below := filepath.Join(group, "system")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(group, "cgroup.procs"), strconv.Itoa(os.Getpid())+"\n")
	if got, err := firstIn(group); got != 0 || err != nil {
		t.Errorf("a process of the host is taken for the sandbox's first: %d, %v", got, err)
	}
	writeFile(t, filepath.Join(below, "cgroup.procs"), strconv.Itoa(cmd.Process.Pid)+"\n")
	if got, err := firstIn(group); got != cmd.Process.Pid || err != nil {
		t.Errorf("got %d, %v, want %d", got, err, cmd.Process.Pid)
	}
	if got, err := firstIn(filepath.Join(group, "nosuch")); got != 0 || err != nil {
		t.Errorf("without a group: %d, %v", got, err)
	}
}

// A power failure can leave notes empty. Nothing can be put back then, and nothing fails.
func TestUnreadableNotes(t *testing.T) {
	save := filepath.Join(t.TempDir(), "note.json")
	writeFile(t, save, "")
	for name, err := range map[string]error{
		"limits": restoreLimits(t.TempDir(), save), "folders": removeFolders(t.TempDir(), save),
	} {
		if !errors.Is(err, note.ErrUnreadable) {
			t.Errorf("%s: %v, want %v", name, err, note.ErrUnreadable)
		}
		warned := false
		if err := despiteUnreadable(err, func(error) { warned = true }); err != nil || !warned {
			t.Errorf("%s: %v, warned: %v", name, err, warned)
		}
	}
}
