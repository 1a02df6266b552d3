package image

import (
	"archive/tar"
	"errors"
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
	if diff := cmp.Diff([]string{"/server", "-P"}, config.Config.Entrypoint); diff != "" || config.Config.User != nonRoot {
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
	archive := tar.NewReader(layer)
	file, err := archive.Next()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(archive)
	if err != nil || file.Name != "server" || file.Mode != 0o755 || string(text) != "program" {
		t.Errorf("file %q, mode %o, %q, %v", file.Name, file.Mode, text, err)
	}
	if _, err := archive.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("the image has another file: %v", err)
	}
}

func TestFromBinaryWithoutProgram(t *testing.T) {
	if _, err := FromBinary(filepath.Join(t.TempDir(), "nosuch")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
