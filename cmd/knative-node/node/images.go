package node

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/store"
)

// podPrograms are the programs of the build that run in pods, each from an image of
// its own.
var podPrograms = []string{"coredns", "activator", "autoscaler", "controller", "webhook", "queue", "traefik", "coldfn"}

// loadImages makes and loads the images of all programs that run in pods.
func (l Layout) loadImages(ctx context.Context) error {
	images, err := store.Open(l.ContainerdSocket(), l.ContainerdRoot())
	if err != nil {
		return err
	}
	defer images.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		// The program that is the sandbox's init can also be that of the pause image.
		_, err := images.LoadBinary(ctx, pauseImage, initProgram, "-P")
		return err
	})
	for _, program := range podPrograms {
		group.Go(func() error {
			_, err := images.LoadBinary(ctx, image.Reference(program), l.Bin(program))
			return err
		})
	}
	return group.Wait()
}
