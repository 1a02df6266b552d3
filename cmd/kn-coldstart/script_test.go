package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kn-coldstart": func() { os.Exit(run()) },
		"exits":        exits,
		"make-run":     makeRun,
	})
}

// exits runs a command and succeeds if it ends with the exit code:
//
//	exits CODE COMMAND...
func exits() {
	command := exec.Command(os.Args[2], os.Args[3:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	_ = command.Run() // its exit code is looked at
	if got := fmt.Sprint(command.ProcessState.ExitCode()); got != os.Args[1] {
		fmt.Fprintf(os.Stderr, "exit code %s, want %s\n", got, os.Args[1])
		os.Exit(1)
	}
}

// TestScripts runs the command lines in testdata, without a cluster.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(e *testscript.Env) error {
		e.Setenv("KUBECONFIG", e.WorkDir+"/none")
		runs, err := filepath.Abs("../../analysis/testdata")
		if err != nil {
			return err
		}
		e.Setenv("RUNS", runs)
		return nil
	}})
}
