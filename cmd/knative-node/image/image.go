// Package image makes container images out of static programs and loads them into the
// node's containerd. Such an image has one layer with one file, the program. Nothing
// is pulled from a registry.
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

// Registry is the registry in the names of the node's own images. It does not exist.
// Knative is told not to ask it for the digests of tags.
const Registry = "dev.local"

// nonRoot is the user that distroless images call "nonroot".
const nonRoot = "65532"

// Reference returns the full name of one of the node's own images. Its tag must not
// be "latest": Kubernetes would then try to pull the image each time.
func Reference(short string) string { return Registry + "/" + short + ":local" }

// fromBinary makes an image whose entrypoint is the program at path, followed by args.
// The layer is not compressed, because the image never goes over a network.
func fromBinary(path string, args ...string) (v1.Image, error) {
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

// tarOf streams a tar archive with one file: the program at path, under the name as.
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
		w.CloseWithError(err) // without an error, the reader sees the end of the file
	}()
	return r, nil
}

// Store is where the node's containerd keeps its images.
type Store struct{ client *containerd.Client }

// Open connects to the containerd that listens on the socket.
func Open(socket string) (*Store, error) {
	client, err := containerd.New(socket, containerd.WithDefaultNamespace("k8s.io"))
	if err != nil {
		return nil, fmt.Errorf("connect to containerd at %s: %w", socket, err)
	}
	return &Store{client}, nil
}

// Close ends the connection to containerd.
func (s *Store) Close() error { return s.client.Close() }

// LoadBinary makes an image of the static program at path, as fromBinary does, and
// loads it under the name reference.
func (s *Store) LoadBinary(ctx context.Context, reference, path string, args ...string) error {
	img, err := fromBinary(path, args...)
	if err != nil {
		return err
	}
	return s.load(ctx, reference, img)
}

// load loads an image under the name reference and unpacks it.
func (s *Store) load(ctx context.Context, reference string, img v1.Image) error {
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

// LoadArchive loads the images of an OCI or Docker archive, unpacks them and returns
// their names.
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
