package image

import (
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// layer is a layer that is not compressed, because it never goes over a network.
// (go-containerregistry's own layers are always compressed.)
type layer struct {
	tree *Tree
	hash v1.Hash
	size int64
}

func newLayer(t *Tree) (*layer, error) {
	l := &layer{tree: t}
	content, err := l.Uncompressed()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	if l.hash, l.size, err = v1.SHA256(content); err != nil {
		return nil, fmt.Errorf("make image layer: %w", err)
	}
	return l, nil
}

// Digest is the hash of the layer.
func (l *layer) Digest() (v1.Hash, error) { return l.hash, nil }

// DiffID is the hash of the layer without compression.
func (l *layer) DiffID() (v1.Hash, error) { return l.hash, nil }

// Compressed is the layer as it is in an archive, which is not compressed.
func (l *layer) Compressed() (io.ReadCloser, error) { return stream(l.tree.write), nil }

// Uncompressed is the layer without compression.
func (l *layer) Uncompressed() (io.ReadCloser, error) { return stream(l.tree.write), nil }

// Size is the number of bytes in an archive.
func (l *layer) Size() (int64, error) { return l.size, nil }

// MediaType says that the layer is not compressed.
func (l *layer) MediaType() (types.MediaType, error) { return types.OCIUncompressedLayer, nil }
