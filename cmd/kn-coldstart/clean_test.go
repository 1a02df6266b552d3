package main

import (
	"testing"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// Runs that are under way are taken only if they are meant.
func TestCleanTakes(t *testing.T) {
	for name, c := range map[string]struct {
		flags cleanFlags
		want  map[ksvc.Liveness]bool
	}{
		"by itself":    {cleanFlags{}, map[ksvc.Liveness]bool{ksvc.Alive: false, ksvc.Stale: true, ksvc.NoLease: true}},
		"this run":     {cleanFlags{run: "run-1"}, map[ksvc.Liveness]bool{ksvc.Alive: true, ksvc.Stale: true, ksvc.NoLease: true}},
		"another run":  {cleanFlags{run: "run-2"}, map[ksvc.Liveness]bool{ksvc.Alive: false, ksvc.Stale: false, ksvc.NoLease: false}},
		"all the runs": {cleanFlags{allRuns: true}, map[ksvc.Liveness]bool{ksvc.Alive: true, ksvc.Stale: true, ksvc.NoLease: true}},
	} {
		for liveness, want := range c.want {
			if got := c.flags.takes(ksvc.Left{Run: "run-1", Liveness: liveness}); got != want {
				t.Errorf("%s: takes a run that is %q: %v, want %v", name, liveness, got, want)
			}
		}
	}
}
