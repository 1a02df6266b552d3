package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TestClassImages gives each class its own image, or that of all, or on the embedded node
// the node's own function in the form that the class runs.
func TestClassImages(t *testing.T) {
	for _, c := range []struct {
		name     string
		flags    classFlags
		embedded bool
		want     map[string]string
		err      string
	}{
		{name: "of its own", flags: classFlags{values: []string{"runc=a", "urunc=b"}, image: "c"}, want: map[string]string{"runc": "a", "urunc": "b"}},
		{name: "that of all", flags: classFlags{values: []string{"runc", "wasmedge"}, image: "c"}, embedded: true, want: map[string]string{"runc": "c", "wasmedge": "c"}},
		{name: "the node's", flags: classFlags{values: []string{"runc", "wasmedge", "crun=x"}}, embedded: true,
			want: map[string]string{"runc": "dev.local/coldfn:local", "wasmedge": "dev.local/coldfn.wasm:local", "crun": "x"}},
		{name: "none", flags: classFlags{values: []string{"wasmedge"}}, err: "RuntimeClass wasmedge has no image"},
	} {
		t.Run(c.name, func(t *testing.T) {
			classes, err := c.flags.parse(c.embedded)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			if diff := cmp.Diff(c.want, imagesOf(classes)); err != nil || diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
}

func imagesOf(classes []record.Class) map[string]string {
	images := map[string]string{}
	for _, class := range classes {
		images[class.Name] = class.Image
	}
	return images
}
