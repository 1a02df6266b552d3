// Package store is where the node's containerd keeps its images. Nothing is pulled from
// a registry.
package store

import (
	"context"
	"fmt"
	"path/filepath"

	containerd "github.com/containerd/containerd/v2/client"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
)

// namespace is the part of containerd that Kubernetes uses.
const namespace = "k8s.io"

// Store is the image store of the node's containerd.
type Store struct {
	client *containerd.Client
	blobs  string // the folder in which containerd keeps layers
}

// Image is an image that was loaded.
type Image struct {
	Name string
	// Bytes is the size of its layers as they were loaded.
	Bytes int64
}

// Open connects to the containerd that listens on the socket, and whose root folder is root.
func Open(socket, root string) (*Store, error) {
	client, err := containerd.New(socket, containerd.WithDefaultNamespace(namespace))
	if err != nil {
		return nil, fmt.Errorf("connect to containerd at %s: %w", socket, err)
	}
	return &Store{client, filepath.Join(root, "io.containerd.content.v1.content", "blobs")}, nil
}

// Close ends the connection to containerd.
func (s *Store) Close() error { return s.client.Close() }

// LoadBinary makes an image of the static program at path, as image.FromBinary does, and
// loads it under the given name.
func (s *Store) LoadBinary(ctx context.Context, name, path string, args ...string) ([]Image, error) {
	name, err := FullName(name)
	if err != nil {
		return nil, err
	}
	img, err := image.FromBinary(path, args...)
	if err != nil {
		return nil, err
	}
	ctx, release, err := s.client.WithLease(ctx) // containerd keeps the layers meanwhile
	if err != nil {
		return nil, err
	}
	defer release(context.WithoutCancel(ctx)) //nolint:errcheck // it ends by itself, a day later
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	for _, layer := range layers {
		if err := s.place(ctx, layer); err != nil {
			return nil, err
		}
	}
	archive := image.ReadArchive(name, img)
	defer archive.Close()
	return s.LoadArchive(ctx, archive, "")
}
