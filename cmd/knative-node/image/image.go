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

// programs is the folder of the program in an image that FromBinary makes. It is the one
// that ko, with which most images of Knative's own programs are made, puts them into.
const programs = "/ko-app"

// users is what /etc/passwd says in an image that FromBinary makes.
const users = "root:x:0:0:root:/root:/sbin/nologin\n" +
	"nonroot:x:" + nonRoot + ":" + nonRoot + ":nonroot:/tmp:/sbin/nologin\n"

// FromBinary makes an image of the static program at path, which is also the entrypoint,
// followed by args. Beside it the image has what Knative's runtime contract wants of one:
// a folder /tmp that everybody can write to, and names of the users.
//
// A program in WebAssembly cannot handle signals, and the kernel spares the process 1 that
// runs it all signals that it does not handle, but SIGKILL. So its image asks for that.
func FromBinary(path string, args ...string) (v1.Image, error) {
	program := filepath.Join(programs, filepath.Base(path))
	t := NewTree("")
	t.AddScratch()
	t.AddText("/etc/passwd", users)
	if err := t.Add(path, program); err != nil {
		return nil, err
	}
	img, err := FromTree(t, append([]string{program}, args...), []string{"PATH=" + programs})
	if err != nil || !IsWebAssembly(path) {
		return img, err
	}
	return stoppedBy(img, "SIGKILL")
}

// IsWebAssembly says whether the program at path is one in WebAssembly. By the same sign
// crun tells which containers WasmEdge has to run.
func IsWebAssembly(path string) bool { return filepath.Ext(path) == ".wasm" }

// stoppedBy is the image with the signal that ends its containers.
func stoppedBy(img v1.Image, signal string) (v1.Image, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Config.StopSignal = signal
	return mutate.ConfigFile(img, config)
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
