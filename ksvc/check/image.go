package check

import (
	"context"
	"slices"
	"strings"
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
// docker.io/library/nginx:latest.
func fullName(image string) string {
	registry, rest, found := strings.Cut(image, "/")
	// The first part is a registry if it looks like a host. Everything else is a path
	// in the registry of Docker.
	if !found || !strings.ContainsAny(registry, ".:") && registry != "localhost" {
		registry, rest = "docker.io", image
	}
	if registry == "docker.io" && !strings.Contains(rest, "/") {
		rest = "library/" + rest
	}
	last := rest[strings.LastIndex(rest, "/")+1:]
	if !strings.ContainsAny(last, ":@") {
		rest += ":latest"
	}
	return registry + "/" + rest
}
