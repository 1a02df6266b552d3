// Command makelayout makes images for several platforms out of folders with their files,
// as an OCI image layout, which tools such as crane and skopeo push to a registry. It needs
// no Docker, and the same files give the same layout. scripts/package/images calls it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
)

// pairs is a flag of the form NAME=VALUE that may be given several times.
type pairs map[string]string

func (p pairs) String() string { return "" }

func (p pairs) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return errors.New("it must be NAME=VALUE")
	}
	p[name] = value
	return nil
}

func main() {
	r := image.Release{Labels: map[string]string{}, Folders: map[string]string{}}
	output := flag.String("o", "", "the folder to write")
	tag := flag.String("tag", "", "tag of the images")
	created := flag.Int64("created", 0, "when they were made, in seconds since 1970")
	flag.Var(pairs(r.Folders), "platform", "`PLATFORM=FOLDER`: a platform, and the folder with all files of its image")
	flag.Var(pairs(r.Labels), "label", "`NAME=VALUE`: a label")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: makelayout -o FOLDER -tag TAG -platform PLATFORM=FOLDER... [flags] PROGRAM")
		flag.PrintDefaults()
	}
	flag.Parse()
	r.Program, r.Created = flag.Arg(0), time.Unix(*created, 0).UTC()
	if err := run(r, *output, *tag, flag.NArg()); err != nil {
		fmt.Fprintf(os.Stderr, "error: make images of %s: %v\n", r.Program, err)
		os.Exit(1)
	}
}

func run(r image.Release, output, tag string, programs int) error {
	if output == "" || tag == "" || len(r.Folders) == 0 || programs != 1 {
		return errors.New("it needs -o, -tag, -platform and a program; see --help")
	}
	index, err := r.Index()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(output); err != nil {
		return err
	}
	written, err := layout.Write(output, empty.Index)
	if err != nil {
		return err
	}
	return written.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag}))
}
