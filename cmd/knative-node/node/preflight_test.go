package node

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCheckBuild looks at an empty build: only the optional handlers are not fatal, and
// each problem comes with a hint.
func TestCheckBuild(t *testing.T) {
	findings := checkBuild(Layout{Dist: t.TempDir()})
	fatal, warnings := 0, 0
	for _, f := range findings {
		if f.Problem == "" || f.Hint == "" {
			t.Errorf("incomplete finding %+v", f)
		}
		if f.Fatal {
			fatal++
		} else {
			warnings++
		}
	}
	// kube, etcd, containerd, its shim, the programs of the pods, and the handler runc.
	if want := 4 + len(podPrograms) + 1; fatal != want || warnings != 2 {
		t.Errorf("%d fatal findings and %d warnings, want %d and 2 (crun, gvisor)", fatal, warnings, want)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
