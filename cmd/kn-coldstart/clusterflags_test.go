package main

import (
	"path/filepath"
	"testing"
)

// A cluster that a flag names counts, as it does for the client, and not KUBECONFIG.
func TestLocateTakesTheFlagFirst(t *testing.T) {
	node := filepath.Join(nodeStateDir, "kubeconfig")
	for name, c := range map[string]struct {
		flag, variable string
		embedded       bool
	}{
		"the node by flag":       {node, "other", true},
		"the node by variable":   {"", node, true},
		"another one by flag":    {"other", node, false},
		"another one altogether": {"", "other", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", c.variable)
			var f clusterFlags
			f.Path = c.flag
			if got := f.locate(); got != c.embedded {
				t.Errorf("the embedded node: %v, want %v", got, c.embedded)
			}
		})
	}
}
