package node

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// fakeHost stands for the machine around the sandbox.
type fakeHost struct {
	first int
	clean int // how often it was cleaned
}

func (h *fakeHost) FirstProcess() (int, error) { return h.first, nil }

func (h *fakeHost) Clean(sandbox.Notes, func(error)) error {
	h.clean++
	return nil
}

func noWarning(t *testing.T) func(error) {
	return func(err error) { t.Errorf("warning: %v", err) }
}

// earlierNode is a state folder with the entries of a node that does not run any more.
func earlierNode(t *testing.T) Layout {
	t.Helper()
	l := Layout{State: filepath.Join(t.TempDir(), "state")}
	if err := l.mark(); err != nil {
		t.Fatal(err)
	}
	for _, name := range l.entries() {
		writeFile(t, filepath.Join(l.State, name, "file"), "")
	}
	// These are notes, which a test may want to write.
	if err := errors.Join(os.RemoveAll(l.runningFile()), os.RemoveAll(note.Temporary(l.runningFile()))); err != nil {
		t.Fatal(err)
	}
	return l
}

func entriesOf(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// TestRemoveTouchesNoForeignFolder holds that neither Down nor Up touches a folder, or the
// host, for a folder that was never a node's. The folder even has names of the node's own.
func TestRemoveTouchesNoForeignFolder(t *testing.T) {
	for name, try := range map[string]func(Layout, machine, host) error{
		"down": func(l Layout, m machine, h host) error { return l.remove(m, h, noWarning(t)) },
		"up":   func(l Layout, m machine, h host) error { return l.makeWay(m, h, noWarning(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			l, h := Layout{State: t.TempDir()}, &fakeHost{}
			writeFile(t, filepath.Join(l.State, "thesis.tex"), "")
			writeFile(t, filepath.Join(l.State, "log", "file"), "")
			err := try(l, machine{t.TempDir()}, h)
			var foreign *ForeignFolderError
			if !errors.As(err, &foreign) || foreign.Folder != l.State {
				t.Errorf("error %v, want a ForeignFolderError", err)
			}
			if got := entriesOf(t, l.State); !slices.Equal(got, []string{"log", "thesis.tex"}) {
				t.Errorf("the folder holds %v", got)
			}
			if h.clean != 0 {
				t.Error("the host was cleaned")
			}
		})
	}
}

func TestRemoveWithoutAFolder(t *testing.T) {
	empty, h := t.TempDir(), &fakeHost{}
	for _, state := range []string{empty, filepath.Join(empty, "nosuch")} {
		if err := (Layout{State: state}).remove(machine{t.TempDir()}, h, noWarning(t)); err != nil {
			t.Error(err)
		}
	}
	if h.clean != 0 || !exists(empty) {
		t.Errorf("host cleaned %d times, empty folder there: %v", h.clean, exists(empty))
	}
}

func TestRemoveAnEarlierNode(t *testing.T) {
	l, m, h := earlierNode(t), machine{t.TempDir()}, &fakeHost{}
	if err := m.own(l.State); err != nil {
		t.Fatal(err)
	}
	if err := l.remove(m, h, noWarning(t)); err != nil {
		t.Fatal(err)
	}
	if exists(l.State) || h.clean != 1 || len(entriesOf(t, m.run)) != 0 {
		t.Errorf("state there: %v, host cleaned %d times, %v in %s", exists(l.State), h.clean, entriesOf(t, m.run), m.run)
	}
}

// TestRemoveLeavesWhatOthersMade keeps the marker with it, so that the folder can be used
// for a node again.
func TestRemoveLeavesWhatOthersMade(t *testing.T) {
	l, m, h := earlierNode(t), machine{t.TempDir()}, &fakeHost{}
	writeFile(t, filepath.Join(l.State, "notes.txt"), "")
	var warnings []error
	if err := l.remove(m, h, func(err error) { warnings = append(warnings, err) }); err != nil {
		t.Fatal(err)
	}
	if got, want := entriesOf(t, l.State), []string{"knative-node", "notes.txt"}; !slices.Equal(got, want) || len(warnings) != 1 {
		t.Errorf("the folder holds %v, want %v, warnings %v", got, want, warnings)
	}
	if err := l.makeWay(m, h, func(error) {}); err != nil {
		t.Errorf("the folder cannot be used again: %v", err)
	}
}

// TestRemoveWhileTheHostsNodeIsAnothers holds that what is left of one node does not take
// cgroups and limits from another.
func TestRemoveWhileTheHostsNodeIsAnothers(t *testing.T) {
	l, m, h := earlierNode(t), machine{t.TempDir()}, &fakeHost{}
	if err := m.own("/another"); err != nil {
		t.Fatal(err)
	}
	var other *OtherNodeError
	if err := l.remove(m, h, noWarning(t)); !errors.As(err, &other) || other.Folder != "/another" {
		t.Errorf("error %v, want an OtherNodeError", err)
	}
	if h.clean != 0 || !exists(l.hostNotes().Limits) {
		t.Errorf("host cleaned %d times, note of its limits there: %v", h.clean, exists(l.hostNotes().Limits))
	}
}

// sleeping starts a process that stands for the first one of a node.
func sleeping(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/bin/sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-done
	})
	return cmd
}

// TestUpAfterAnotherUp covers what an Up that has waited for the lock can find.
func TestUpAfterAnotherUp(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, l Layout, first firstProcess)
		// want is the error, ends says that the node's process ends.
		want error
		ends bool
		// warnings is how many there are.
		warnings int
	}{
		{"the node is up", func(t *testing.T, l Layout, first firstProcess) {
			if err := l.rememberBooted(first); err != nil {
				t.Fatal(err)
			}
		}, ErrUp, false, 0},
		{"the boot was killed", func(*testing.T, Layout, firstProcess) {}, nil, true, 0},
		{"the note was destroyed", func(t *testing.T, l Layout, _ firstProcess) { writeFile(t, l.runningFile(), "") }, nil, true, 1},
		{"the note is gone", func(t *testing.T, l Layout, _ firstProcess) {
			if err := os.Remove(l.runningFile()); err != nil {
				t.Fatal(err)
			}
		}, nil, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, m, node := earlierNode(t), machine{t.TempDir()}, sleeping(t)
			h := &fakeHost{first: node.Process.Pid}
			first, err := l.remember(node.Process.Pid)
			if err != nil {
				t.Fatal(err)
			}
			c.spoil(t, l, *first)
			warnings := 0
			if err := l.makeWay(m, h, func(error) { warnings++ }); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if ended := !first.runs(); ended != c.ends || exists(l.State) == c.ends {
				t.Errorf("ended: %v, state there: %v", ended, exists(l.State))
			}
			if warnings != c.warnings {
				t.Errorf("%d warnings, want %d", warnings, c.warnings)
			}
		})
	}
}

// TestUpBesideAnotherFoldersNode does not touch a node that runs, and removes one that
// does not.
func TestUpBesideAnotherFoldersNode(t *testing.T) {
	theirs, m, node, h := earlierNode(t), machine{t.TempDir()}, sleeping(t), &fakeHost{}
	first, err := theirs.remember(node.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(theirs.rememberBooted(*first), m.own(theirs.State)); err != nil {
		t.Fatal(err)
	}
	l := Layout{State: filepath.Join(t.TempDir(), "new")}
	var other *OtherNodeError
	if err := l.makeWay(m, h, noWarning(t)); !errors.As(err, &other) || !first.runs() {
		t.Errorf("error %v, the other's node runs: %v", err, first.runs())
	}
	if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for first.runs() {
		runtime.Gosched()
	}
	if err := l.makeWay(m, h, noWarning(t)); err != nil || exists(theirs.State) || h.clean != 1 {
		t.Errorf("error %v, the other's state is there: %v, host cleaned %d times", err, exists(theirs.State), h.clean)
	}
}
