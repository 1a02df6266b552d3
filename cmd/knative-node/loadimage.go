package main

import (
	"context"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

func newLoadImage(l *node.Layout) *cobra.Command {
	var reference string
	cmd := &cobra.Command{
		Use:   "load-image TAR|BINARY",
		Short: "Give the node an image: an OCI or Docker archive, or a static program",
		Long: "Give the node an image. An archive keeps the names that it holds. Of a static Linux\n" +
			"program an image is made whose only file it is, named dev.local/PROGRAM:local.",
		Example: "  knative-node load-image ./server\n  knative-node load-image ./server --name dev.local/server:v2\n  knative-node load-image image.tar",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return &usageError{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := mustRun(*l); err != nil {
				return err
			}
			names, err := loadImage(cmd.Context(), *l, args[0], reference)
			if err != nil {
				return fmt.Errorf("load image %s: %w", args[0], err)
			}
			printLoaded(names)
			return nil
		},
	}
	cmd.Flags().StringVar(&reference, "name", "", "name of the image of a program")
	return cmd
}

func loadImage(ctx context.Context, l node.Layout, path, reference string) ([]string, error) {
	store, err := image.Open(l.ContainerdSocket())
	if err != nil {
		return nil, err
	}
	defer store.Close()
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	program, err := elf.NewFile(f)
	if err != nil {
		return store.LoadArchive(ctx, f)
	}
	if program.Section(".interp") != nil {
		return nil, fmt.Errorf("the program is not static: build it with CGO_ENABLED=0")
	}
	if reference == "" {
		reference = image.Reference(filepath.Base(path))
	}
	return []string{reference}, node.LoadBinary(ctx, store, path, reference)
}
