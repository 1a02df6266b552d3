package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// classFlags name the RuntimeClasses under test and the image of each.
type classFlags struct {
	values []string
	image  string
	// written is what the user's file has, if there is one.
	written *ksvc.Written
	// own is the image that the embedded node is asked for in place of its function's.
	own string
}

func (f *classFlags) register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.values, "runtime-class", nil, "RuntimeClass to measure, as NAME or NAME=IMAGE; repeatable (default: "+templates.DefaultClass+", which is the cluster's\ndefault runtime: pods without a runtimeClassName)")
	flags.StringVar(&f.image, "image", "", "image of the classes that have none of their own (default on the embedded node: "+nodeImage+",\nand for "+wasmClass+" "+wasmImage+")")
}

// registerWith registers them for a command that has an image of its own.
func (f *classFlags) registerWith(flags *pflag.FlagSet, image string) {
	f.register(flags)
	f.own = image
	flags.Lookup("image").Usage = "image of the classes that have none of their own (default on the embedded node: " + image + ")"
}

// parse returns the classes in the order named.
func (f *classFlags) parse(embedded bool) ([]record.Class, error) {
	if len(f.values) == 0 {
		f.values = []string{defaultClass(f.written)}
	}
	if f.written != nil {
		f.image = f.written.Image
	}
	var classes []record.Class
	for _, value := range f.values {
		name, image, _ := strings.Cut(value, "=")
		name = strings.TrimSpace(name)
		if image == "" {
			image = f.image
		}
		if image == "" && embedded {
			image = cmp.Or(f.own, nodeImageOf(name))
		}
		class := record.Class{Name: name, Image: image}
		if err := checkClass(class); err != nil {
			return nil, err
		}
		classes = append(classes, class)
	}
	return classes, nil
}

// defaultClass is what is measured where no RuntimeClass is named: that of the user's
// file, or the cluster's default runtime.
func defaultClass(w *ksvc.Written) string {
	if w != nil && w.RuntimeClass != "" {
		return w.RuntimeClass
	}
	return templates.DefaultClass
}

// checkClass says what is missing in the terms of the flags.
func checkClass(class record.Class) error {
	if class.Name == "" {
		return errors.New("--runtime-class is empty: name a RuntimeClass, such as runc")
	}
	if class.Image == "" && class.Name == templates.DefaultClass {
		return errors.New("no image was named: use --image IMAGE or -f FILE")
	}
	if class.Image == "" {
		return fmt.Errorf("RuntimeClass %s has no image: use --image IMAGE or --runtime-class %s=IMAGE", class.Name, class.Name)
	}
	return nil
}

func names(classes []record.Class) []string {
	var all []string
	for _, class := range classes {
		all = append(all, class.Name)
	}
	return all
}
