// Package image makes container images out of static binaries and gives them to
// the node's containerd. Nothing is pulled: an image is one layer with one
// program in it.
package image

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Registry is the made-up registry of the node's own images. Knative does not
// resolve its tags.
const Registry = "dev.local"

// nonRoot is the user that distroless images call "nonroot".
const nonRoot = "65532"

// Reference is the name of an image of the node's own. The tag must not be
// "latest", which Kubernetes would pull each time.
func Reference(short string) string { return Registry + "/" + short + ":local" }

// FromBinary makes an image whose entrypoint is the program at path, with args
// before those of the container. A layer is not compressed: it never travels.
func FromBinary(path string, args ...string) (v1.Image, error) {
	program := "/" + filepath.Base(path)
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return tarOf(path, program) },
		tarball.WithCompression(compression.None))
	if err != nil {
		return nil, fmt.Errorf("make image layer of %s: %w", path, err)
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(img, configFile(img, append([]string{program}, args...)))
}

func configFile(img v1.Image, entrypoint []string) *v1.ConfigFile {
	config, err := img.ConfigFile()
	if err != nil {
		config = &v1.ConfigFile{}
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config = v1.Config{Entrypoint: entrypoint, User: nonRoot, Env: []string{"PATH=/"}}
	return config
}

// tarOf streams a tar archive that holds one executable.
func tarOf(path, as string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	r, w := io.Pipe()
	go func() {
		defer f.Close()
		archive := tar.NewWriter(w)
		err := archive.WriteHeader(&tar.Header{Name: as, Mode: 0o755, Size: info.Size(), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = io.Copy(archive, f)
		}
		if err == nil {
			err = archive.Close()
		}
		w.CloseWithError(err) // nil means the end
	}()
	return r, nil
}

// Store is the node's containerd.
type Store struct{ client *containerd.Client }

// Open connects to the containerd that listens on the socket.
func Open(socket string) (*Store, error) {
	client, err := containerd.New(socket, containerd.WithDefaultNamespace("k8s.io"))
	if err != nil {
		return nil, fmt.Errorf("connect to containerd at %s: %w", socket, err)
	}
	return &Store{client}, nil
}

// Close ends the connection.
func (s *Store) Close() error { return s.client.Close() }

// Load gives containerd an image under the reference and unpacks it.
func (s *Store) Load(ctx context.Context, reference string, img v1.Image) error {
	tag, err := name.NewTag(reference)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(tarball.Write(tag, img, w)) }()
	defer r.Close()
	_, err = s.LoadArchive(ctx, r)
	return err
}

// LoadArchive gives containerd the images of an OCI or Docker archive, unpacks
// them and returns their names.
func (s *Store) LoadArchive(ctx context.Context, archive io.Reader) ([]string, error) {
	ctx = namespaces.WithNamespace(ctx, "k8s.io")
	images, err := s.client.Import(ctx, archive)
	if err != nil {
		return nil, fmt.Errorf("import image: %w", err)
	}
	var names []string
	for _, i := range images {
		if err := containerd.NewImage(s.client, i).Unpack(ctx, "overlayfs"); err != nil {
			return names, fmt.Errorf("unpack image %s: %w", i.Name, err)
		}
		names = append(names, i.Name)
	}
	return names, nil
}
