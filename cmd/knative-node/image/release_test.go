package image

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// folder is a folder with files, each of which has a path and a text.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func release(t *testing.T) Release {
	return Release{
		Program: "/ko-app/tool",
		Folders: map[string]string{
			"linux/arm64": folder(t, map[string]string{"ko-app/tool": "arm", "licenses/LICENSE": "free"}),
			"linux/amd64": folder(t, map[string]string{"ko-app/tool": "amd", "licenses/LICENSE": "free"}),
		},
		Labels: map[string]string{"org.opencontainers.image.version": "v1"}, Created: time.Unix(1e9, 0).UTC(),
	}
}

func TestRelease(t *testing.T) {
	r := release(t)
	index, err := r.Index()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Labels, manifest.Annotations); diff != "" || len(manifest.Manifests) != 2 {
		t.Fatalf("%d images, annotations: %s", len(manifest.Manifests), diff)
	}
	for i, want := range []string{"amd64", "arm64"} {
		descriptor := manifest.Manifests[i]
		if descriptor.Platform.String() != "linux/"+want {
			t.Errorf("image %d is for %s, want %s", i, descriptor.Platform, want)
		}
		img, err := index.Image(descriptor.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkReleased(t, r, img, want)
	}
}

func checkReleased(t *testing.T, r Release, img v1.Image, arch string) {
	t.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Architecture != arch || config.OS != "linux" || config.Config.User != nonRoot || !config.Created.Equal(r.Created) {
		t.Errorf("%s: configuration %+v", arch, config)
	}
	if diff := cmp.Diff(r.Labels, config.Config.Labels); diff != "" {
		t.Errorf("%s: labels (-want +got):\n%s", arch, diff)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 || len(config.RootFS.DiffIDs) != 1 {
		t.Fatalf("%s: %d layers, want 1: %v", arch, len(layers), err)
	}
	if kind, err := layers[0].MediaType(); err != nil || kind != types.OCILayer {
		t.Errorf("%s: the layer is %s, want a compressed one: %v", arch, kind, err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if diff := cmp.Diff(map[string]string{
		"etc/": "755 ", "etc/passwd": "644 " + users, "tmp/": "1777 ",
		"ko-app/": "755 ", "ko-app/tool": "755 " + arch[:3],
		"licenses/": "755 ", "licenses/LICENSE": "755 free",
	}, filesOf(t, content)); diff != "" {
		t.Errorf("%s: files (-want +got):\n%s", arch, diff)
	}
}

// The same files give the same images, wherever they lie.
func TestReleaseIsReproducible(t *testing.T) {
	var digests [2]v1.Hash
	for i := range digests {
		index, err := release(t).Index()
		if err != nil {
			t.Fatal(err)
		}
		if digests[i], err = index.Digest(); err != nil {
			t.Fatal(err)
		}
	}
	if digests[0] != digests[1] {
		t.Errorf("%s and %s differ", digests[0], digests[1])
	}
}

func TestReleaseWithoutProgram(t *testing.T) {
	r := release(t)
	r.Program = "/ko-app/other"
	if _, err := r.Index(); err == nil {
		t.Error("an image without its program was made")
	}
}
