package watch

import (
	"errors"
	"testing"
	"time"
)

// errBroken is what ended a watch.
var errBroken = errors.New("it broke")

func TestGaps(t *testing.T) {
	var g gaps
	g.open("pods", 10*time.Second, errBroken)
	if _, down := g.down("deployments"); down {
		t.Error("deployments are down, want only pods")
	}
	if _, down := g.down("pods", "deployments"); !down {
		t.Error("pods are up, want down")
	}
	g.close("pods", 12*time.Second)
	g.open("events", 20*time.Second, errBroken)
	tests := []struct {
		at     time.Duration
		inside bool
	}{{9 * time.Second, false}, {10 * time.Second, true}, {12 * time.Second, true}, {13 * time.Second, false}, {25 * time.Second, false}}
	for _, test := range tests {
		if _, inside := g.at(test.at, "pods"); inside != test.inside {
			t.Errorf("at(%v) = %v, want %v", test.at, inside, test.inside)
		}
	}
}
