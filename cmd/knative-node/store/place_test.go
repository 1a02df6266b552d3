package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/pkg/namespaces"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/go-digest"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
)

// layerOf is the one layer of an image of a program with this text.
func layerOf(t *testing.T, text string) v1.Layer {
	t.Helper()
	layers, err := program(t, text).Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	return layers[0]
}

func digestOf(t *testing.T, layer v1.Layer) digest.Digest {
	t.Helper()
	hash, err := layer.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.Digest(hash.String())
}

// A layer that was placed is containerd's, with the content that its digest is of, also when
// it is placed again.
func TestPlace(t *testing.T) {
	s, layer := newStore(t), layerOf(t, "hello")
	ctx := namespaces.WithNamespace(t.Context(), namespace)
	for range 2 {
		if err := s.place(ctx, layer); err != nil {
			t.Fatal(err)
		}
	}
	want := digestOf(t, layer)
	info, err := s.client.ContentStore().Info(ctx, want)
	if size, _ := layer.Size(); err != nil || info.Size != size {
		t.Fatalf("%+v, %v, want %d bytes", info, err, size)
	}
	content, err := os.ReadFile(filepath.Join(s.blobs, "sha256", want.Encoded()))
	if err != nil || digest.FromBytes(content) != want {
		t.Errorf("the file has digest %s, want %s (%v)", digest.FromBytes(content), want, err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.blobs, "sha256", ".partial*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// changed is a layer whose content is not that of its digest any more.
type changed struct{ v1.Layer }

func (changed) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("something else")), nil
}

func TestPlaceRefusesWhatChanged(t *testing.T) {
	s, layer := newStore(t), layerOf(t, "hello")
	ctx := namespaces.WithNamespace(t.Context(), namespace)
	if err := s.place(ctx, changed{layer}); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(s.blobs, "sha256", digestOf(t, layer).Encoded())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was kept: %v", err)
	}
	if err := s.place(ctx, layer); err != nil {
		t.Errorf("the layer as it was: %v", err)
	}
}

// LoadBinary ends with an image that has its name, although its layer was not sent.
func TestReadAfterPlace(t *testing.T) {
	s, img := newStore(t), program(t, "hello")
	ctx := namespaces.WithNamespace(t.Context(), namespace)
	if err := s.place(ctx, layerOf(t, "hello")); err != nil {
		t.Fatal(err)
	}
	archive := image.ReadArchive("example.com/hello:v1", img)
	defer archive.Close()
	found, err := s.read(ctx, archive, "")
	if err != nil || len(found) != 1 || found[0].Name != "example.com/hello:v1" {
		t.Errorf("got %v, %v", found, err)
	}
}
