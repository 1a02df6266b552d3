package main

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/deploy"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/program"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/store"
)

func newLoadImage(l *node.Layout) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "load-image ARCHIVE|PROGRAM",
		Short: "Give the node an image: an OCI or Docker archive, or a static program",
		Long: "Give the node an image, and print its name and size. The node must be up.\n\n" +
			"ARCHIVE is an OCI archive, or one that 'docker save' wrote; it may be compressed. Its images\n" +
			"keep the names that they have in it. If it has one image, --name gives it another name.\n" +
			"PROGRAM is a static Linux program. It becomes /ko-app/PROGRAM of a new image, as ko makes them, with a\n" +
			"folder /tmp beside it. The image is called dev.local/PROGRAM:local unless --name says otherwise. A program in\n" +
			"WebAssembly, whose name ends in .wasm, is for RuntimeClass wasmedge.\n\n" +
			"A service that asks for the image by its name gets it from the node. No registry is asked,\n" +
			"whatever registry the name has, and also when the tag is 'latest'.",
		Example: "  kn-coldstart cluster load-image ./server\n" +
			"  kn-coldstart cluster load-image ./server --name dev.local/server:v2\n" +
			"  docker save my-function > image.tar && kn-coldstart cluster load-image image.tar",
		Args: checkArgs(oneArg("an archive or a program")),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := mustBeUp(*l); err != nil {
				return err
			}
			loaded, err := loadImage(cmd.Context(), *l, args[0], name)
			if err != nil {
				return fmt.Errorf("load image %s: %w", args[0], err)
			}
			printLoaded(loaded)
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the image")
	return cmd
}

func loadImage(ctx context.Context, l node.Layout, path, name string) ([]store.Image, error) {
	images, err := store.Open(l.ContainerdSocket(), l.ContainerdRoot())
	if err != nil {
		return nil, err
	}
	defer images.Close()
	loaded, err := load(ctx, images, path, name)
	if err != nil {
		return nil, err
	}
	return loaded, skipRegistries(ctx, l, loaded)
}

// load reads the file at path into the store.
func load(ctx context.Context, images *store.Store, path, name string) ([]store.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("it is a folder; an archive is one file")
	}
	binary, err := elf.NewFile(f)
	if err != nil && !image.IsWebAssembly(path) {
		return images.LoadArchive(ctx, f, name)
	}
	if binary != nil {
		if err := checkProgram(binary); err != nil {
			return nil, err
		}
	}
	if name == "" {
		name = image.Reference(strings.ToLower(filepath.Base(path)))
	}
	return images.LoadBinary(ctx, name, path)
}

// checkProgram returns an error for a program that cannot run alone in an image of this
// machine.
func checkProgram(binary *elf.File) error {
	if program.Interpreter(binary) != "" {
		return errors.New("the program is not static, so it cannot run alone in an image: build it with CGO_ENABLED=0")
	}
	return program.CheckProcessor(binary)
}

// skipRegistries makes Knative take the images as they are in the node. By default it
// asks the image's registry which digest the tag stands for.
func skipRegistries(ctx context.Context, l node.Layout, loaded []store.Image) error {
	client, err := l.Client()
	if err != nil {
		return err
	}
	var names []string
	for _, each := range loaded {
		names = append(names, each.Name)
	}
	return deploy.SkipRegistries(ctx, client, names)
}
