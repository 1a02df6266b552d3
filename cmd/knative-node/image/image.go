// Package image makes container images without Docker: out of one static program, or
// out of some files of a file system tree. Such an image has one layer. The same files
// give the same image, byte for byte: no time and no user of this machine gets into it.
package image

import (
	"archive/tar"
	"io"
	"path/filepath"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Registry is the registry in the names of the node's own images. It does not exist.
// Knative is told not to ask it for the digests of tags.
const Registry = "dev.local"

// nonRoot is the user that distroless images call "nonroot".
const nonRoot = "65532"

// Reference returns the full name of one of the node's own images.
func Reference(short string) string { return Registry + "/" + short + ":local" }

// FromTree makes an image of the files that the tree has, with an entrypoint and an
// environment, each of which is written as NAME=VALUE.
func FromTree(t *Tree, entrypoint, env []string) (v1.Image, error) {
	if err := t.checkLibraries(); err != nil {
		return nil, err
	}
	layer, err := newLayer(t)
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if img, err = mutate.AppendLayers(img, layer); err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config = v1.Config{Entrypoint: entrypoint, User: nonRoot, Env: env}
	return mutate.ConfigFile(img, config)
}

// FromBinary makes an image that has one file: the static program at path. The program
// is also the entrypoint, followed by args.
func FromBinary(path string, args ...string) (v1.Image, error) {
	program := "/" + filepath.Base(path)
	t := NewTree("")
	if err := t.Add(path, program); err != nil {
		return nil, err
	}
	return FromTree(t, append([]string{program}, args...), []string{"PATH=/"})
}

// stream returns what write writes.
func stream(write func(*tar.Writer) error) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		archive := tar.NewWriter(w)
		err := write(archive)
		if err == nil {
			err = archive.Close()
		}
		w.CloseWithError(err) // without an error, the reader sees the end of the file
	}()
	return r
}
