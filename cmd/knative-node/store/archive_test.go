package store

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"go.etcd.io/bbolt"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
)

func TestRead(t *testing.T) {
	img, second := program(t, "hello"), program(t, "second")
	oci := ociArchive(t, "example.com/hello:v1", img)
	docker := dockerArchive(t, map[string]v1.Image{"hello:latest": img})
	tests := []struct {
		name    string
		archive []byte
		as      string
		want    []string
		err     string
	}{
		{"OCI", oci, "", []string{"example.com/hello:v1"}, ""},
		{"docker save", docker, "", []string{"docker.io/library/hello:latest"}, ""},
		{"compressed OCI", zipped(t, oci), "", []string{"example.com/hello:v1"}, ""},
		{"compressed docker save", zipped(t, docker), "", []string{"docker.io/library/hello:latest"}, ""},
		{"another name", oci, "other", []string{"example.com/hello:v1", "docker.io/library/other:latest"}, ""},
		{"a full name in the general annotation", calling(t, oci, "hello:v2"), "", []string{"docker.io/library/hello:v2"}, ""},
		{"only a tag", calling(t, oci, "v2"), "", nil, "--name"},
		{"only a tag, with a name", calling(t, oci, "v2"), "hello", []string{"docker.io/library/hello:latest"}, ""},
		{"one name for two images", dockerArchive(t, map[string]v1.Image{"a": img, "b": second}), "c", nil, "2 images"},
		{"a wrong name", oci, "Hello", nil, "Hello"},
		{"nothing", nil, "", nil, errNotArchive.Error()},
		{"text", []byte(strings.Repeat("text", 1000)), "", nil, errNotArchive.Error()},
		{"another archive", tarOf(t, "readme", "text"), "", nil, errNotArchive.Error()},
		{"a part", oci[:len(oci)/2], "", nil, "cut off"},
		{"a part of a compressed one", zipped(t, oci)[:300], "", nil, "cut off"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx := namespaces.WithNamespace(t.Context(), namespace)
			found, err := newStore(t).read(ctx, bytes.NewReader(test.archive), test.as)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, each := range found {
				names = append(names, each.Name)
				if digest, err := img.Digest(); strings.HasPrefix(test.name, "OCI") && each.Target.Digest.String() != digest.String() {
					t.Errorf("image %s has digest %s, want %s (%v)", each.Name, each.Target.Digest, digest, err)
				}
			}
			if diff := cmp.Diff(test.want, names); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// newStore makes a store of containerd's own parts, without its process.
func newStore(t *testing.T) *Store {
	t.Helper()
	root := t.TempDir()
	content, err := local.NewStore(root)
	if err != nil {
		t.Fatal(err)
	}
	file, err := bbolt.Open(filepath.Join(t.TempDir(), "meta.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	db := metadata.NewDB(file, content, nil)
	if err := db.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	client, err := containerd.New("", containerd.WithServices(containerd.WithContentStore(db.ContentStore()),
		containerd.WithImageStore(metadata.NewImageStore(db)), containerd.WithLeasesService(metadata.NewLeaseManager(db))))
	if err != nil {
		t.Fatal(err)
	}
	return &Store{client, filepath.Join(root, "blobs")}
}

func program(t *testing.T, text string) v1.Image {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	img, err := image.FromBinary(file)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func ociArchive(t *testing.T, name string, img v1.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := image.WriteArchive(&b, name, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func dockerArchive(t *testing.T, images map[string]v1.Image) []byte {
	t.Helper()
	tags := map[name.Tag]v1.Image{}
	for each, img := range images {
		tag, err := name.NewTag(each)
		if err != nil {
			t.Fatal(err)
		}
		tags[tag] = img
	}
	var b bytes.Buffer
	if err := tarball.MultiWrite(tags, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// calling is an OCI archive whose image has only the general annotation for its name.
func calling(t *testing.T, archive []byte, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	in, out := tar.NewReader(bytes.NewReader(archive)), tar.NewWriter(&b)
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == "index.json" {
			content = renamed(t, content, name)
		}
		header.Size = int64(len(content))
		if err := errors.Join(out.WriteHeader(header), writeAll(out, content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func renamed(t *testing.T, index []byte, name string) []byte {
	t.Helper()
	var manifest v1.IndexManifest
	if err := json.Unmarshal(index, &manifest); err != nil {
		t.Fatal(err)
	}
	manifest.Manifests[0].Annotations = map[string]string{"org.opencontainers.image.ref.name": name}
	text, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func tarOf(t *testing.T, file, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	out := tar.NewWriter(&b)
	err := errors.Join(out.WriteHeader(&tar.Header{Name: file, Size: int64(len(text))}), writeAll(out, []byte(text)), out.Close())
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeAll(w io.Writer, content []byte) error {
	_, err := w.Write(content)
	return err
}

func zipped(t *testing.T, archive []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	out := gzip.NewWriter(&b)
	if err := errors.Join(writeAll(out, archive), out.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
