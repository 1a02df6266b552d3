package check

import (
	"context"
	"slices"

	"github.com/distribution/reference"
)

// imageBytes are the sizes of the run's images that nodes report. A node lists the
// largest of its images only, and it may not have pulled one yet; then the size is not
// known. If nodes differ, because an image was built for several architectures, the
// largest counts.
func (r *reader) imageBytes(ctx context.Context) map[string]int64 {
	nodes, _ := r.allNodes(ctx) // the fingerprint tells that they cannot be read
	var sizes map[string]int64
	for _, image := range r.needs.Images {
		name := fullName(image)
		for _, n := range nodes {
			for _, there := range n.Status.Images {
				if !slices.Contains(there.Names, name) {
					continue
				}
				if sizes == nil {
					sizes = map[string]int64{}
				}
				sizes[image] = max(sizes[image], there.SizeBytes)
			}
		}
	}
	return sizes
}

// fullName is an image's name as containerd writes it: nginx is
// docker.io/library/nginx:latest. What is no name stays as it is, and no node has it.
func fullName(image string) string {
	named, err := reference.ParseDockerRef(image)
	if err != nil {
		return image
	}
	return named.String()
}
