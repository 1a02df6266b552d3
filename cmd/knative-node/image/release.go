package image

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Release describes images that are published: one for each platform, of a static program
// and of files that belong to it.
type Release struct {
	// Program is the path of the program in a platform's folder, and in the image.
	Program string
	// Folders has for each platform, such as linux/arm64, the folder with all its files.
	Folders map[string]string
	// Labels are on each image, and annotate the index of them.
	Labels  map[string]string
	Created time.Time
}

// Index makes the images. Their layers are compressed, because they go over networks.
func (r Release) Index() (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, name := range slices.Sorted(maps.Keys(r.Folders)) {
		platform, err := v1.ParsePlatform(name)
		if err != nil {
			return nil, err
		}
		img, err := r.image(r.Folders[name], platform)
		if err != nil {
			return nil, fmt.Errorf("make the image for %s: %w", name, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: platform}})
	}
	return mutate.Annotations(index, r.Labels).(v1.ImageIndex), nil
}

func (r Release) image(folder string, platform *v1.Platform) (v1.Image, error) {
	tree, err := r.tree(folder)
	if err != nil {
		return nil, err
	}
	img, err := FromTree(tree, []string{r.Program}, []string{"PATH=" + path.Dir(r.Program)})
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = platform.OS, platform.Architecture, v1.Time{Time: r.Created}
	config.Config.Labels = r.Labels
	return compressed(img, config)
}

// tree has all files of a folder, and what every image has that FromBinary makes.
func (r Release) tree(folder string) (*Tree, error) {
	t := NewTree(folder)
	t.AddScratch()
	t.AddText("/etc/passwd", users)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if err := t.Keep(entry.Name()); err != nil {
			return nil, err
		}
	}
	if t.sources[r.Program] == "" {
		return nil, fmt.Errorf("%s has no %s", folder, r.Program)
	}
	return t, nil
}

// compressed is an image with its layers compressed, and another configuration.
func compressed(img v1.Image, config *v1.ConfigFile) (v1.Image, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	config.RootFS.DiffIDs, config.History = nil, nil
	result := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if result, err = mutate.ConfigFile(result, config); err != nil {
		return nil, err
	}
	for _, each := range layers {
		layer, err := tarball.LayerFromOpener(each.Uncompressed, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
		if err != nil {
			return nil, err
		}
		if result, err = mutate.AppendLayers(result, layer); err != nil {
			return nil, err
		}
	}
	return result, nil
}
