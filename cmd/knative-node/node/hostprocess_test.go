package node

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSandboxProcesses(t *testing.T) {
	processes, err := sandboxProcesses(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if len(processes) == 0 || processes[0].pid != os.Getpid() || processes[0].memoryBytes == 0 ||
		processes[0].program != filepath.Base(os.Args[0]) {
		t.Errorf("got %+v", processes)
	}
	if _, err := sandboxProcesses(1 << 30); err == nil {
		t.Error("a process that does not exist has a sandbox")
	}
}
