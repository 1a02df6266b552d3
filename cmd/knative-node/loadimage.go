package main

import (
	"context"
	"debug/elf"
	"errors"
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
		Long: "Give the node an image, and print its name. The node must be up.\n\n" +
			"TAR is an OCI archive, or one that 'docker save' wrote. Its images keep the names that they\n" +
			"have in the archive. BINARY is a static Linux program. It becomes the only file of a new\n" +
			"image, which is called dev.local/PROGRAM:local unless --name says otherwise.",
		Example: "  kn-coldstart cluster load-image ./server\n" +
			"  kn-coldstart cluster load-image ./server --name dev.local/server:v2\n" +
			"  kn-coldstart cluster load-image image.tar",
		Args: checkArgs(oneArg("an archive or a program")),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := mustBeUp(*l); err != nil {
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
	cmd.Flags().StringVar(&reference, "name", "", "name of the image that is made of a program")
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
		return nil, errors.New("the program is not static, so it cannot run alone in an image: build it with CGO_ENABLED=0")
	}
	if reference == "" {
		reference = image.Reference(filepath.Base(path))
	}
	return []string{reference}, store.LoadBinary(ctx, reference, path)
}
