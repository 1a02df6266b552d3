package node

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
)

// podPrograms are the programs of the build that run in pods, each from an image of
// its own.
var podPrograms = []string{"coredns", "activator", "autoscaler", "controller", "webhook", "queue", "traefik", "coldfn"}

// loadImages makes and loads the images of all programs that run in pods.
func (l Layout) loadImages(ctx context.Context) error {
	store, err := image.Open(l.ContainerdSocket())
	if err != nil {
		return err
	}
	defer store.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		// The program that is the sandbox's init can also be that of the pause image.
		return store.LoadBinary(ctx, pauseImage, initProgram, "-P")
	})
	for _, program := range podPrograms {
		group.Go(func() error { return store.LoadBinary(ctx, image.Reference(program), l.Bin(program)) })
	}
	return group.Wait()
}
