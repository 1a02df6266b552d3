package load

import (
	"maps"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// watched are the resource types from which the scale of a service is known.
var watched = []string{record.WatchedPods, record.WatchedAutoscalers}

// unwatched are those of them whose watch was down at some time of a load, by events in the
// order of time.
func unwatched(events []record.Event, begin, end time.Duration) []string {
	down := map[string]bool{}
	for i := range events {
		switch e := &events[i]; {
		case e.Kind == record.EventWatchDown && e.At < end:
			down[e.Watched] = true
		case e.Kind == record.EventWatchUp && e.At <= begin:
			delete(down, e.Watched)
		}
	}
	return slices.Sorted(maps.Keys(down))
}
