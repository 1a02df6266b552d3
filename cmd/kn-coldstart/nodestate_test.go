package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestNodeIsUp takes the process of the test for a node, and its parent's start for that
// of an earlier process.
func TestNodeIsUp(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the node runs on Linux only")
	}
	here, now := os.Getpid(), startTime(os.Getpid())
	for name, c := range map[string]struct {
		note string
		want bool
	}{
		"up":                     {fmt.Sprintf(`{"pid":%d,"startTime":%q}`, here, now), true},
		"booting":                {fmt.Sprintf(`{"pid":%d,"startTime":%q,"booting":true}`, here, now), false},
		"killed, its PID reused": {fmt.Sprintf(`{"pid":%d,"startTime":%q}`, here, now+"1"), false},
		"killed":                 {`{"pid":0,"startTime":"1"}`, false},
		"without a start time":   {`{"pid":0}`, false},
		"after a power failure":  {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			state := t.TempDir()
			for file, text := range map[string]string{"node.json": c.note, "kubeconfig": "apiVersion: v1\n"} {
				if err := os.WriteFile(filepath.Join(state, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := nodeIsUp(state); got != c.want {
				t.Errorf("up: %v, want %v", got, c.want)
			}
		})
	}
	if nodeIsUp(t.TempDir()) {
		t.Error("an empty folder is taken for a node")
	}
}
