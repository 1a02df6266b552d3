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

func TestGapsSince(t *testing.T) {
	var g gaps
	if g.since(0) {
		t.Error("there is a gap, want none yet")
	}
	g.open("pods", 10*time.Second, errBroken)
	if !g.since(time.Hour) {
		t.Error("the gap that lasts is over")
	}
	g.close("pods", 12*time.Second)
	if !g.since(12*time.Second) || g.since(13*time.Second) {
		t.Errorf("a gap until 12 s: since then %v, since 13 s %v, want true and false", g.since(12*time.Second), g.since(13*time.Second))
	}
}
