package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRotate has a program's log exceed the limit twice, with the log open all the time as
// it is for a program.
func TestRotate(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "kubelet.log")
	log, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for _, step := range []struct{ write, older, now string }{
		{"small\n", "", "small\n"},
		{"larger than the limit\n", "small\nlarger than the limit\n", ""},
		{"next\n", "small\nlarger than the limit\n", "next\n"},
		{"larger than the limit again\n", "next\nlarger than the limit again\n", ""},
		{"end\n", "next\nlarger than the limit again\n", "end\n"},
	} {
		if _, err := log.WriteString(step.write); err != nil {
			t.Fatal(err)
		}
		if err := rotate(folder, 20); err != nil {
			t.Fatal(err)
		}
		older, _ := os.ReadFile(OlderLog(path)) // there is none at first
		now, err := os.ReadFile(path)
		if err != nil || string(older) != step.older || string(now) != step.now {
			t.Fatalf("after %q: older %q, now %q, %v", strings.TrimSpace(step.write), older, now, err)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}
