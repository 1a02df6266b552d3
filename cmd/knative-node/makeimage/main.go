// Command makeimage makes an OCI archive with one image out of files of a folder that
// looks like the / of a Linux system. It needs no Docker, and the same files give the
// same archive. scripts/functions calls it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
)

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

// options are what the command line asks for.
type options struct {
	root, output, name   string
	keep, drop, add, env list
	entrypoint           []string
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", "", "folder with Debian packages, from which files are kept, and with them the copyright files of their packages")
	flag.StringVar(&o.output, "o", "", "the archive to write")
	flag.StringVar(&o.name, "name", "", "the image's name, with a tag")
	flag.Var(&o.keep, "keep", "`path` in the root: a file or a folder. The entrypoint's program is kept in any case, and so are all libraries")
	flag.Var(&o.drop, "drop", "`pattern` of paths in the root that are not kept")
	flag.Var(&o.add, "add", "`FILE=PATH`: a file of this machine, and its path in the image")
	flag.Var(&o.env, "env", "`NAME=VALUE` in the image's environment")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: makeimage -name NAME -o ARCHIVE [flags] -- PROGRAM [ARGUMENTS...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	o.entrypoint = flag.Args()
	if err := run(o); err != nil {
		fmt.Fprintf(os.Stderr, "error: make image %s: %v\n", o.name, err)
		os.Exit(1)
	}
}

func run(o options) error {
	if o.name == "" || o.output == "" || len(o.entrypoint) == 0 {
		return errors.New("it needs -name, -o and a program; see --help")
	}
	tree, err := choose(o)
	if err != nil {
		return err
	}
	img, err := image.FromTree(tree, o.entrypoint, o.env)
	if err != nil {
		return err
	}
	return write(o.output, o.name, img)
}

// write leaves no broken archive under the final name when it is interrupted.
func write(file, name string, img v1.Image) error {
	partial := file + ".partial"
	f, err := os.Create(partial)
	if err != nil {
		return err
	}
	err = errors.Join(image.WriteArchive(f, name, img), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(partial))
	}
	return os.Rename(partial, file)
}

// choose finds the files of the image.
func choose(o options) (*image.Tree, error) {
	tree := image.NewTree(o.root)
	if o.root != "" {
		tree.AddScratch()
	}
	for _, pattern := range o.drop {
		if err := tree.Drop(pattern); err != nil {
			return nil, err
		}
	}
	added := map[string]bool{}
	for _, pair := range o.add {
		source, path, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("-add %s: it must be FILE=PATH", pair)
		}
		if err := tree.Add(source, path); err != nil {
			return nil, err
		}
		added[path] = true
	}
	keep := o.keep
	if !added[o.entrypoint[0]] {
		keep = append(keep, o.entrypoint[0])
	}
	for _, path := range keep {
		if err := tree.Keep(path); err != nil {
			return nil, err
		}
	}
	if o.root == "" {
		return tree, nil
	}
	return tree, tree.KeepOwners()
}
