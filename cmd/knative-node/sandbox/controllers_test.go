package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
)

// TestControllers uses a folder that stands for the mounted hierarchy: its file holds what
// was written last. scripts/cgroup-v2 uses a real one.
func TestControllers(t *testing.T) {
	for _, c := range []struct {
		name, available, already string
		missing                  []string
		written, takenBack       string
	}{
		{"systemd hands on what it needs", "cpuset cpu io memory hugetlb pids rdma misc\n", "memory pids\n",
			[]string{"cpu", "cpuset", "hugetlb", "io"}, "+cpu +cpuset +hugetlb +io", "-io"},
		{"a kernel without hugetlb", "cpu memory pids\n", "memory pids\n", []string{"cpu"}, "+cpu", "-cpu"},
		{"all are handed on", "cpu memory pids\n", "cpu memory pids\n", nil, "cpu memory pids\n", "cpu memory pids\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root, save := t.TempDir(), filepath.Join(t.TempDir(), "note")
			writeFile(t, filepath.Join(root, "cgroup.controllers"), c.available)
			writeFile(t, filepath.Join(root, subtreeControl), c.already)
			must(t, handOnControllers(root, save))
			wantFile(t, filepath.Join(root, subtreeControl), c.written)
			var noted handedOn
			must(t, note.Read(save, &noted))
			if diff := cmp.Diff(handedOn{root, c.missing}, noted); diff != "" {
				t.Error(diff)
			}
			must(t, TakeBackControllers(save))
			wantFile(t, filepath.Join(root, subtreeControl), c.takenBack)
		})
	}
}

func TestTakeBackControllersWithoutANote(t *testing.T) {
	save := filepath.Join(t.TempDir(), "note")
	must(t, TakeBackControllers(save))
	writeFile(t, save, "")
	if err := TakeBackControllers(save); !errors.Is(err, note.ErrUnreadable) {
		t.Errorf("%v, want %v", err, note.ErrUnreadable)
	}
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	must(t, err)
	if string(got) != want {
		t.Errorf("%s holds %q, want %q", path, got, want)
	}
}
