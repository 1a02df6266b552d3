package node

import (
	"context"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/store"
)

// podPrograms are the programs of the build that run in pods, each from an image of
// its own.
var podPrograms = []string{"coredns", "activator", "autoscaler", "controller", "webhook", "queue", "traefik", "coldfn"}

// wasmFunction is the function under test in WebAssembly, which a build with WasmEdge has.
func (l Layout) wasmFunction() string { return filepath.Join(l.Dist, "wasmedge", "coldfn.wasm") }

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
	if function := l.wasmFunction(); exists(function) {
		group.Go(func() error {
			_, err := images.LoadBinary(ctx, image.Reference(filepath.Base(function)), function)
			return err
		})
	}
	return group.Wait()
}
