// Package deploy writes objects to the node's cluster: those of Knative's manifests,
// with the node's images and settings, and a few of the node itself.
package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// ReadDir reads the objects of all manifests in a folder, in the order of the
// files' names.
func ReadDir(dir string) ([]*unstructured.Unstructured, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no manifests (*.yaml) in %s", dir)
	}
	sort.Strings(files)
	var all []*unstructured.Unstructured
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		objects, err := Parse(b)
		if err != nil {
			return nil, fmt.Errorf("parse manifest %s: %w", file, err)
		}
		all = append(all, objects...)
	}
	return all, nil
}

// Parse reads the objects of a manifest. It may hold several YAML documents; empty
// ones are left out.
func Parse(manifest []byte) ([]*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096)
	var all []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if len(object.Object) > 0 {
			all = append(all, object)
		}
	}
}

// OfKind separates the objects of one kind from the others.
func OfKind(objects []*unstructured.Unstructured, kind string) (of, others []*unstructured.Unstructured) {
	return divide(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == kind })
}

// OfName divides objects into those of a name and the others.
func OfName(objects []*unstructured.Unstructured, name string) (of, others []*unstructured.Unstructured) {
	return divide(objects, func(o *unstructured.Unstructured) bool { return o.GetName() == name })
}

func divide(objects []*unstructured.Unstructured, is func(*unstructured.Unstructured) bool) (those, others []*unstructured.Unstructured) {
	for _, object := range objects {
		if is(object) {
			those = append(those, object)
		} else {
			others = append(others, object)
		}
	}
	return those, others
}
