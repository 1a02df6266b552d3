package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFromBinary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server")
	if err := os.WriteFile(path, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	img, err := FromBinary(path, "-P")
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/ko-app/server", "-P"}, config.Config.Entrypoint); diff != "" || config.Config.User != nonRoot {
		t.Errorf("user %q, entrypoint: %s", config.Config.User, diff)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, want 1: %v", len(layers), err)
	}
	layer, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer layer.Close()
	if diff := cmp.Diff(map[string]string{
		"etc/":          "755 ",
		"etc/passwd":    "644 " + users,
		"ko-app/":       "755 ",
		"ko-app/server": "755 program",
		"tmp/":          "1777 ",
	}, filesOf(t, layer)); diff != "" {
		t.Errorf("files of the image (-want +got):\n%s", diff)
	}
}

// filesOf is the mode and the text of each file of an archive.
func filesOf(t *testing.T, archive io.Reader) map[string]string {
	t.Helper()
	files := map[string]string{}
	for entries := tar.NewReader(archive); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(entries)
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name] = fmt.Sprintf("%o %s", entry.Mode, text)
	}
}

// What cannot handle SIGTERM is killed at once, and all else gets the usual signal.
func TestStopSignal(t *testing.T) {
	for name, want := range map[string]string{"server": "", "server.wasm": "SIGKILL"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte("program"), 0o600); err != nil {
			t.Fatal(err)
		}
		img, err := FromBinary(path)
		if err != nil {
			t.Fatal(err)
		}
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if got := config.Config.StopSignal; got != want {
			t.Errorf("%s: stopped by %q, want %q", name, got, want)
		}
		if entrypoint := config.Config.Entrypoint; len(entrypoint) != 1 || entrypoint[0] != "/ko-app/"+name {
			t.Errorf("%s: entrypoint %q", name, entrypoint)
		}
	}
}

func TestFromBinaryWithoutProgram(t *testing.T) {
	if _, err := FromBinary(filepath.Join(t.TempDir(), "nosuch")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
