package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kn-coldstart": func() { os.Exit(run()) }})
}

// TestScripts runs the command lines in testdata, without a cluster.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(e *testscript.Env) error {
		e.Setenv("KUBECONFIG", e.WorkDir+"/none")
		return nil
	}})
}
