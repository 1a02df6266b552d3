package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

func TestSides(t *testing.T) {
	both := record.Side{RuntimeClass: "runc", Image: "fn:main", Env: map[string]string{"A": "1"}, Limits: map[string]string{"cpu": "1"}}
	for _, c := range []struct {
		name     string
		both     record.Side
		embedded bool
		values   []string
		want     record.Side
		err      string
	}{
		{name: "nothing of its own", both: both, want: both},
		{name: "an image", both: both, values: []string{"image=fn@sha256:ab=c"},
			want: record.Side{RuntimeClass: "runc", Image: "fn@sha256:ab=c", Env: both.Env, Limits: both.Limits}},
		{name: "settings", both: both, values: []string{"env=B=x,y=z", "env=A=", "limit=memory=64Mi, cpu=2", "request=cpu=100m"},
			want: record.Side{RuntimeClass: "runc", Image: "fn:main", Env: map[string]string{"A": "", "B": "x,y=z"},
				Requests: map[string]string{"cpu": "100m"}, Limits: map[string]string{"cpu": "2", "memory": "64Mi"}}},
		{name: "all of its own", values: []string{"runtime-class=crun", "image=x"}, want: record.Side{RuntimeClass: "crun", Image: "x"}},
		{name: "no class", both: record.Side{Image: "x"}, values: []string{"env=J=a=b,c=d"},
			want: record.Side{RuntimeClass: "default", Image: "x", Env: map[string]string{"J": "a=b,c=d"}}},
		{name: "the node's images", embedded: true, values: []string{"runtime-class=wasmedge"},
			want: record.Side{RuntimeClass: "wasmedge", Image: "dev.local/coldfn.wasm:local"}},
		{name: "an image on the node", both: both, embedded: true, values: []string{"image=x"},
			want: record.Side{RuntimeClass: "runc", Image: "x", Env: both.Env, Limits: both.Limits}},
		{name: "no image", both: record.Side{RuntimeClass: "runc"}, err: "side b has no image: use --image IMAGE or --b image=IMAGE"},
		{name: "no value", both: both, values: []string{"image"}, err: `--b "image": want NAME=VALUE`},
		{name: "an empty value", both: both, values: []string{"image="}, err: "want NAME=VALUE"},
		{name: "not a setting", both: both, values: []string{"colour=red"}, err: `do not differ in "colour"`},
		{name: "not a variable", both: both, values: []string{"env=B"}, err: `"B" is no NAME=VALUE`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := sideOf(c.both, c.embedded, "b", c.values)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
			e := experiment.AB{A: c.both, B: got}
			if same := cmp.Equal(c.both, c.want); e.Same() != same {
				t.Errorf("same as both: %v, want %v", !same, same)
			}
		})
	}
	if diff := cmp.Diff(map[string]string{"A": "1"}, both.Env); diff != "" {
		t.Errorf("what both have was changed: %s", diff)
	}
}
