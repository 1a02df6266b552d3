package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// place writes a layer to where containerd keeps it, and tells containerd so. That takes a
// third of the time of sending it to containerd, which reads it twice and waits for the
// disk. A layer that nothing refers to in the end is removed by containerd.
func (s *Store) place(ctx context.Context, layer v1.Layer) error {
	hash, err := layer.Digest()
	if err != nil {
		return err
	}
	size, err := layer.Size()
	if err != nil {
		return err
	}
	if err := writeOnce(filepath.Join(s.blobs, hash.Algorithm, hash.Hex), hash, layer); err != nil {
		return fmt.Errorf("write layer %s: %w", hash, err)
	}
	return s.adopt(ctx, ocispec.Descriptor{Digest: digest.Digest(hash.String()), Size: size})
}

// writeOnce writes the layer to a file, unless that is there already. containerd will not
// look whether the content is the one that the layer's hash is of.
func writeOnce(file string, hash v1.Hash, layer v1.Layer) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	from, err := layer.Compressed()
	if err != nil {
		return err
	}
	defer from.Close()
	partial, err := os.CreateTemp(filepath.Dir(file), ".partial")
	if err != nil {
		return err
	}
	defer os.Remove(partial.Name())
	written := sha256.New()
	_, err = io.Copy(io.MultiWriter(partial, written), from)
	if err == nil && hex.EncodeToString(written.Sum(nil)) != hash.Hex {
		err = errors.New("the program changed while it was read")
	}
	if err := errors.Join(err, partial.Chmod(0o444), partial.Close()); err != nil {
		return err
	}
	return os.Rename(partial.Name(), file)
}

// adopt makes a layer known whose file is there. containerd shares files between its
// namespaces: who names one that it has need not send it.
func (s *Store) adopt(ctx context.Context, layer ocispec.Descriptor) error {
	w, err := s.client.ContentStore().Writer(ctx, content.WithRef("layer-"+layer.Digest.String()), content.WithDescriptor(layer))
	if errdefs.IsAlreadyExists(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.Commit(ctx, layer.Size, layer.Digest); err != nil && !errdefs.IsAlreadyExists(err) {
		return err
	}
	return nil
}
