package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kn-coldstart":      func() { os.Exit(run()) },
		"kubectl-coldstart": func() { os.Exit(run()) },
		"exits":             exits,
		"first-line":        firstLine,
		"make-run":          makeRun,
		"tell-run":          tellRun,
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

// firstLine runs a command until the first line on its standard error, prints that
// line, and ends the command:
//
//	first-line COMMAND...
func firstLine() {
	command := exec.Command(os.Args[1], os.Args[2:]...)
	stderr, err := command.StderrPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	line, _ := bufio.NewReader(stderr).ReadString('\n') // the script says what it must be
	fmt.Fprint(os.Stderr, line)
	_ = command.Process.Kill()
	_ = command.Wait()
}

// TestScripts runs the command lines in testdata, without a cluster.
func TestScripts(t *testing.T) {
	silent := silentServer(t)
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(e *testscript.Env) error {
		e.Setenv("KUBECONFIG", e.WorkDir+"/none")
		runs, err := filepath.Abs("../../analysis/testdata")
		if err != nil {
			return err
		}
		e.Setenv("RUNS", runs)
		e.Setenv("SCRIPTS", filepath.Join(runs, "..", "..", "scripts"))
		files, err := filepath.Abs("testdata/files")
		if err != nil {
			return err
		}
		e.Setenv("FILES", files)
		e.Setenv("CASES", filepath.Join(filepath.Dir(runs), "gate", "testdata", "cases"))
		program, err := exec.LookPath("kn-coldstart") // for scripts that empty the PATH
		if err != nil {
			return err
		}
		e.Setenv("KN", program)
		return os.WriteFile(filepath.Join(e.WorkDir, "silent.kubeconfig"), []byte(silent), 0o600)
	}})
}

// silentServer is the kubeconfig of a server that takes connections and never answers,
// like an API server behind a firewall that swallows packets.
func silentServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://%s"}}]
contexts: [{name: x, context: {cluster: c}}]
current-context: x
`, l.Addr())
}
