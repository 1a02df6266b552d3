package sandbox

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// inPrivateMounts runs do in a mount namespace of its own.
func inPrivateMounts(t *testing.T, do func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
		err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS)
		if err == nil {
			err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
		}
		if err == nil {
			err = do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestResolver tries what resolv.conf is on machines of all kinds. In each case the
// sandbox has its own, and no file of the host changes.
func TestResolver(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounts need root")
	}
	for _, c := range []struct{ name, link, file string }{
		{"a file", "", "etc/resolv.conf"},
		{"a link into /run", "../run/systemd/resolve/stub-resolv.conf", "run/systemd/resolve/stub-resolv.conf"},
		{"an absolute link into /run", "ROOT/run/NetworkManager/resolv.conf", "run/NetworkManager/resolv.conf"},
		{"a link through a link to /run", "ROOT/var/run/resolv.conf", "run/resolv.conf"},
		{"a link to systemd's static file", "../usr/lib/systemd/resolv.conf", "usr/lib/systemd/resolv.conf"},
		{"a link of WSL2", "ROOT/mnt/wsl/resolv.conf", "mnt/wsl/resolv.conf"},
		{"a link to a neighbour", "resolv.conf.local", "etc/resolv.conf.local"},
		{"a link to nothing", "ROOT/mnt/wsl/resolv.conf", ""},
		{"a link to no neighbour", "resolv.conf.local", ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := hostFiles(t, c.link, c.file)
			before := tree(t, root)
			inPrivateMounts(t, func() error {
				run := filepath.Join(root, "run")
				if err := mount("tmpfs", run, 0, ""); err != nil {
					return err
				}
				if err := (resolver{etc: filepath.Join(root, "etc"), run: run}).mount(); err != nil {
					return err
				}
				text, err := os.ReadFile(filepath.Join(root, "etc", "resolv.conf"))
				if want := "nameserver " + DNSServiceIP + "\n"; string(text) != want {
					t.Errorf("the sandbox reads %q, want %q", text, want)
				}
				return err
			})
			if after := tree(t, root); !maps.Equal(before, after) {
				t.Errorf("the host has %v, and had %v", after, before)
			}
		})
	}
}

// tree is the text of every file below a folder, and the end of every link.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Type() == fs.ModeSymlink {
			all[path], err = os.Readlink(path)
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// hostFiles makes the folders of a host whose /etc/resolv.conf is the link, if there is
// one, and on which the file exists.
func hostFiles(t *testing.T, link, file string) string {
	t.Helper()
	root := t.TempDir()
	for _, folder := range []string{"etc", "run", "var"} {
		if err := os.Mkdir(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(root, "run"), filepath.Join(root, "var", "run")); err != nil {
		t.Fatal(err)
	}
	if link != "" {
		if rest, ok := strings.CutPrefix(link, "ROOT"); ok {
			link = root + rest
		}
		if err := os.Symlink(link, filepath.Join(root, "etc", "resolv.conf")); err != nil {
			t.Fatal(err)
		}
	}
	if file != "" {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, file)), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(root, file), "nameserver 192.0.2.1\n")
	}
	return root
}
