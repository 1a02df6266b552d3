// Package store is where the node's containerd keeps its images. Nothing is pulled from
// a registry.
package store

import (
	"context"
	"fmt"
	"io"

	containerd "github.com/containerd/containerd/v2/client"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
)

// namespace is the part of containerd that Kubernetes uses.
const namespace = "k8s.io"

// Store is the image store of the node's containerd.
type Store struct{ client *containerd.Client }

// Image is an image that was loaded.
type Image struct {
	Name string
	// Bytes is the size of its layers as they were loaded.
	Bytes int64
}

// Open connects to the containerd that listens on the socket.
func Open(socket string) (*Store, error) {
	client, err := containerd.New(socket, containerd.WithDefaultNamespace(namespace))
	if err != nil {
		return nil, fmt.Errorf("connect to containerd at %s: %w", socket, err)
	}
	return &Store{client}, nil
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
	r, w := io.Pipe()
	go func() { w.CloseWithError(image.WriteArchive(w, name, img)) }()
	defer r.Close()
	return s.LoadArchive(ctx, r, "")
}
