package worker

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// silenceLimit is how long a worker may say nothing while it has an order, although it says
// something each second.
const silenceLimit = 15 * time.Second

var errSilent = fmt.Errorf("nothing was heard for %v", silenceLimit)

// silence is for how long a worker says nothing while it is listened to. It is counted second
// by second, and not as the time since the latest line: seconds in which this program is stopped,
// as by Ctrl-Z, are not counted, and what has arrived meanwhile is read before it is judged.
type silence struct {
	seconds atomic.Int64
	// deaf says that nobody listens, because a line is being taken: what takes it may wait for a
	// disk, or for who reads standard output.
	deaf atomic.Bool
}

// watch calls end once the silence is too long, unless ctx ends before.
func (s *silence) watch(ctx context.Context, end func()) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C: // those of a time in which nobody received them are one
		}
		if !s.deaf.Load() && s.seconds.Add(1) >= int64(silenceLimit/time.Second) {
			end()
			return
		}
	}
}

// interrupt ends a silence with a line, and begin begins the next one.
func (s *silence) interrupt() { s.deaf.Store(true) }

func (s *silence) begin() {
	s.seconds.Store(0)
	s.deaf.Store(false)
}
