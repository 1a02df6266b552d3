package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// What is read from standard input can be read only once, and belongs to every class.
func TestRequestsOfClasses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	input, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	standard := os.Stdin
	os.Stdin = input
	defer func() { os.Stdin = standard }()

	f := requestFlags{
		headers: []string{"A: all", "B: all"}, body: "-",
		own: []string{"wasmedge:path=/run?x=1", "wasmedge:header=B: own", "gvisor:method=PUT"},
	}
	r := experiment.Request{Message: loadgen.Message{Path: "/all"}}
	if err := f.complete(&r); err != nil {
		t.Fatal(err)
	}
	all := http.Header{"A": {"all"}, "B": {"all"}}
	want := experiment.Request{
		Message: loadgen.Message{Path: "/all", Header: all, Body: []byte("hello")},
		Classes: map[string]loadgen.Message{
			"wasmedge": {Path: "/run?x=1", Header: http.Header{"A": {"all"}, "B": {"own"}}, Body: []byte("hello")},
			"gvisor":   {Path: "/all", Method: "PUT", Header: all, Body: []byte("hello")},
		},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
}
