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

// TestLacks has a module bring what is missing, or not.
func TestLacks(t *testing.T) {
	folder := t.TempDir()
	loaded := filepath.Join(folder, "loaded")
	script := "#!/bin/sh\n[ \"$*\" = \"-q brings\" ] && : >" + loaded + "\n"
	if err := os.WriteFile(filepath.Join(folder, "modprobe"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	there := func() bool { return exists(loaded) }
	if !lacks(there, "other") || !lacks(there, "") {
		t.Error("what no module brings is there")
	}
	if lacks(there, "brings") {
		t.Error("what a module brings is missing")
	}
	t.Setenv("PATH", t.TempDir())
	if lacks(there, "brings") {
		t.Error("what is there is missing without modprobe")
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
