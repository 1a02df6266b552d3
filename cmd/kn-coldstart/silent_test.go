package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// silentLimit is after how long a command has not given up on an API server that does
// not answer. It takes some 9 s, and took minutes before first contacts had a limit;
// what lies between is for busy machines.
const silentLimit = time.Minute

var (
	serverURL = regexp.MustCompile(`http://[\d.:]+`)
	lineStart = regexp.MustCompile(`^(checking the cluster at|error:|hint:) `)
)

// TestSilentServer runs commands on an API server that takes connections and never
// answers. Each command says first what it waits for, gives up in time, and then says
// which server did not answer. Nothing else is on standard error.
func TestSilentServer(t *testing.T) {
	config := silentServer(t)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{
		"clean",
		"clean --all-namespaces",
		"doctor",
		"single --runtime-class runc --image x",
		"scale --runtime-class runc --image x",
		"ab --runtime-class runc --image x --b image=y",
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel() // each waits for some seconds
			givesUp(t, serverURL.FindString(config), append(strings.Fields(command), "--kubeconfig", path))
		})
	}
}

// givesUp runs a command and checks how it ends and what it says.
func givesUp(t *testing.T, server string, args []string) {
	ctx, cancel := context.WithTimeout(t.Context(), silentLimit)
	defer cancel()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, "kn-coldstart", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &stdout, &stderr
	_ = cmd.Run() // its exit code is looked at
	if ctx.Err() != nil {
		t.Fatalf("still waiting after %v; standard error:\n%s", silentLimit, &stderr)
	}
	if code := cmd.ProcessState.ExitCode(); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	lines := strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n")
	if want := "checking the cluster at " + server; lines[0] != want {
		t.Errorf("the first line is %q, want %q", lines[0], want)
	}
	for _, line := range lines {
		if !lineStart.MatchString(line) {
			t.Errorf("a line that is neither an error nor a hint: %q", line)
		}
	}
	if said := stdout.String() + stderr.String(); !strings.Contains(said, "API server "+server+" did not answer within ") {
		t.Errorf("nothing says that %s did not answer:\n%s", server, said)
	}
}
