package store

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/archive/compression"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// errNotArchive is the reason when a file is nothing that can be loaded.
var errNotArchive = errors.New("it is neither an OCI archive, nor a file that 'docker save' wrote, nor a static Linux program")

// errNoName is the reason when it is not known what an image is called.
var errNoName = errors.New("the archive does not say what its image is called: give it a name with --name")

// LoadArchive loads the images of an OCI archive or of a file that 'docker save' wrote,
// either of which may be compressed. Each image keeps the name that it has in the archive.
// If name is not empty, the one image of the archive gets this name too.
func (s *Store) LoadArchive(ctx context.Context, archive io.Reader, name string) ([]Image, error) {
	ctx = namespaces.WithNamespace(ctx, namespace)
	found, err := s.read(ctx, archive, name)
	if err != nil {
		return nil, err
	}
	return s.unpack(ctx, found)
}

// read copies the images of an archive into containerd.
func (s *Store) read(ctx context.Context, archive io.Reader, name string) ([]images.Image, error) {
	plain, err := compression.DecompressStream(archive)
	if err != nil {
		return nil, explain(err)
	}
	defer plain.Close()
	if name != "" {
		if name, err = FullName(name); err != nil {
			return nil, err
		}
	}
	found, err := s.importAs(ctx, plain, name)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errNoName
	}
	return found, nil
}

// importAs reads the archive into containerd, and gives the one image in it the name, if
// that is not empty.
func (s *Store) importAs(ctx context.Context, archive io.Reader, name string) ([]images.Image, error) {
	options := []containerd.ImportOpt{containerd.WithImageRefTranslator(nameInArchive)}
	var digests []digest.Digest
	if name != "" {
		options = append(options, containerd.WithDigestRef(func(d digest.Digest) string {
			if !slices.Contains(digests, d) {
				digests = append(digests, d)
			}
			return name
		}))
	}
	found, err := s.client.Import(ctx, archive, options...)
	if err != nil {
		return nil, explain(err)
	}
	if len(digests) > 1 {
		err := fmt.Errorf("the archive has %d images, and --name can name only one", len(digests))
		return nil, errors.Join(err, s.client.ImageService().Delete(ctx, name))
	}
	return distinct(found), nil
}

// distinct leaves out images that have the name of one before.
func distinct(all []images.Image) []images.Image {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(i images.Image) bool {
		again := seen[i.Name]
		seen[i.Name] = true
		return again
	})
}

// unpack makes images ready for containers.
func (s *Store) unpack(ctx context.Context, all []images.Image) ([]Image, error) {
	var loaded []Image
	for _, each := range all {
		i := containerd.NewImage(s.client, each)
		if err := i.Unpack(ctx, "overlayfs"); err != nil {
			return loaded, fmt.Errorf("unpack image %s: %w", each.Name, err)
		}
		size, err := i.Size(ctx)
		if err != nil {
			return loaded, fmt.Errorf("find the size of image %s: %w", each.Name, err)
		}
		loaded = append(loaded, Image{Name: each.Name, Bytes: size})
	}
	return loaded, nil
}

// nameInArchive is the full name for what an OCI archive calls an image. Many archives
// have only a tag there, which is no name.
func nameInArchive(name string) string {
	if !strings.ContainsAny(name, "/:") {
		return ""
	}
	full, err := FullName(name)
	if err != nil {
		return ""
	}
	return full
}

// FullName adds to the name of an image what Kubernetes and Docker leave out: nginx
// becomes docker.io/library/nginx:latest.
func FullName(name string) (string, error) {
	named, err := reference.ParseDockerRef(name)
	if err != nil {
		return "", fmt.Errorf("image name %q: %w", name, err)
	}
	return named.String(), nil
}

// explain says what is wrong with an archive that cannot be read.
func explain(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the archive is cut off: %w", err)
	case errors.Is(err, tar.ErrHeader), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum),
		strings.Contains(err.Error(), "unrecognized image format"): // containerd has no type for it
		return fmt.Errorf("%w (%w)", errNotArchive, err)
	}
	return fmt.Errorf("import the archive: %w", err)
}
