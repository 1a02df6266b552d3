package native

import (
	"archive/tar"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// served is an image of testdata/server that behaves in one way.
func served(t *testing.T, way string) *Root {
	t.Helper()
	program := filepath.Join(t.TempDir(), "server")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./testdata/server")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	r, err := opened(t, imageOf(t, "65532:65532", []string{way}, layer(t, false, entry{name: "server", text: string(text), kind: tar.TypeReg, mode: 0o755},
		entry{name: "dev/null", kind: tar.TypeReg, mode: 0o666})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Remove(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// running are the processes whose root is that of the image.
func (r *Root) running(t *testing.T) []string {
	t.Helper()
	roots, err := filepath.Glob("/proc/[0-9]*/root")
	if err != nil || len(roots) == 0 {
		t.Fatalf("processes %v: %v", roots, err)
	}
	var list []string
	for _, root := range roots {
		if at, err := os.Readlink(root); err == nil && at == r.folder { // others are gone
			list = append(list, root)
		}
	}
	return list
}

func ask(address string) {
	if answer, err := http.Get("http://" + address); err == nil {
		answer.Body.Close()
	}
}

// What the program has started and left ends with it, whichever way it ends.
func TestNothingOutlivesTheProgram(t *testing.T) {
	for name, cancelled := range map[string]bool{"stopped": false, "cancelled": true} {
		t.Run(name, func(t *testing.T) {
			r := served(t, "leaving")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			address, stop, err := r.Start(ctx)
			if err != nil {
				t.Fatal(err)
			}
			ask(address)
			if list := r.running(t); len(list) != 2 {
				t.Fatalf("running %v, want the program and its child", list)
			}
			if cancelled {
				cancel()
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
			if list := r.running(t); len(list) > 0 {
				t.Errorf("left: %v", list)
			}
		})
	}
}

func TestProgramThatDoesNotListen(t *testing.T) {
	before := startLimit
	startLimit = 300 * time.Millisecond
	t.Cleanup(func() { startLimit = before })
	r := served(t, "mute")
	_, _, err := r.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "start /server mute: it does not listen after 300ms") || !strings.HasSuffix(err.Error(), ": it waits") {
		t.Errorf("got %v", err)
	}
	if list := r.running(t); len(list) > 0 {
		t.Errorf("left: %v", list)
	}
}

func TestProgramThatEndsByItself(t *testing.T) {
	r := served(t, "brief")
	p, err := r.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask(p.address)
	<-p.ended
	if err := p.end(t.Context()); err == nil || !strings.Contains(err.Error(), "ended before it was told to: exit status 3: enough") {
		t.Errorf("got %v", err)
	}
}

// The image's user can read what it could in a container, whatever the umask is.
func TestModesIgnoreTheUmask(t *testing.T) {
	before := syscall.Umask(0o077)
	t.Cleanup(func() { syscall.Umask(before) })
	r, err := opened(t, image(t, "65532", layer(t, false, entry{name: "secret/", kind: tar.TypeDir, mode: 0o700},
		entry{name: "secret/deep/file", text: "x", kind: tar.TypeReg, mode: 0o666})))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{".": 0o755, "secret": 0o700, "secret/deep": 0o755, "secret/deep/file": 0o666} {
		if info, err := os.Stat(filepath.Join(r.folder, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s is %v, want %v: %v", name, info.Mode(), want, err)
		}
	}
}
