package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// startLead is how long before the common start the workers are told of it: long enough for
// all to hear in time.
const startLead = time.Second

// stopLimit is how long workers may take to say what they have when a run is interrupted.
const stopLimit = 5 * time.Second

// ErrNoWorkers says that all workers are lost.
var ErrNoWorkers = errors.New("no worker is left")

// deal is one thing that members of a team do together, each its share.
type deal struct {
	team    *Team
	members []*member
	// lead is how long before the common start the workers are told of it.
	lead time.Duration
	// order is that of a share. take is given the lines of the i-th member; an error ends it all.
	// over, if set, is called when the i-th member has said its last line. missing then says of
	// how many requests of its share it is not known what became of them, and how many it has.
	order   func(loadgen.Share) order
	take    func(i int, l line) error
	over    func(i int) error
	missing func(i int) (missing, of int)
	// begun, if set, is told the instant of the common start before the workers are.
	begun func(at time.Duration)
}

// result is what became of the share of one member.
type result struct {
	cpu time.Duration
	// lost is set if the member was lost before it had done its share.
	lost *LostError
}

func (d *deal) share(i int) loadgen.Share { return loadgen.Share{Index: i, Of: len(d.members)} }

// do has all members do their shares, and returns what became of each. Its error says that
// what they said could not be taken. When ctx ends they stop, and say what they have; then
// nobody is lost.
func (d *deal) do(ctx context.Context) ([]result, error) {
	reading, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	results, streams := make([]result, len(d.members)), make([]*stream, len(d.members))
	var ready, over sync.WaitGroup
	ready.Add(len(d.members))
	for i, m := range d.members {
		streams[i] = &stream{member: m, order: d.order(d.share(i)), ready: sync.OnceFunc(ready.Done), take: func(l line) error {
			err := d.take(i, l)
			if err != nil {
				cancel(&takeError{err})
			}
			return err
		}}
		over.Go(func() {
			var cause error
			if results[i].cpu, cause = d.read(reading, i, streams[i], cancel); cause != nil && ctx.Err() == nil && reading.Err() == nil {
				results[i].lost = d.lose(ctx, i, cause)
			}
		})
	}
	stop := context.AfterFunc(ctx, func() { d.stop(reading, cancel) })
	defer stop()
	if ready.Wait(); ctx.Err() == nil {
		d.start(reading, streams)
	} else {
		d.stop(reading, cancel) // those that had no order yet when ctx ended
	}
	over.Wait()
	if failed := (*takeError)(nil); errors.As(context.Cause(reading), &failed) {
		return results, failed.error
	}
	return results, nil
}

// takeError says that what the workers say cannot be taken any more.
type takeError struct{ error }

// read reads what a member says, to the end, and returns what kept it from that.
func (d *deal) read(ctx context.Context, i int, s *stream, cancel context.CancelCauseFunc) (cpu time.Duration, cause error) {
	cause = s.read(ctx)
	if s.last != nil {
		cpu = s.last.CPU
	}
	if d.over != nil {
		if err := d.over(i); err != nil {
			cancel(&takeError{err})
		}
	}
	return cpu, cause
}

// lose takes in that a member is lost, as soon as it has said its last line.
func (d *deal) lose(ctx context.Context, i int, cause error) *LostError {
	missing, of := d.missing(i)
	return d.team.lose(ctx, d.members[i], cause, missing, of)
}

// start tells those that are ready when all begin. One that cannot be told is lost.
func (d *deal) start(ctx context.Context, streams []*stream) {
	at := d.team.clock.Now() + d.lead
	if d.begun != nil {
		d.begun(at)
	}
	var telling sync.WaitGroup
	for _, s := range streams {
		if s.isReady {
			telling.Go(func() {
				if err := s.post(ctx, pathStart, start{At: at + s.ahead().Offset}, nil); err != nil {
					s.lose(fmt.Errorf("tell it the start: %w", err))
				}
			})
		}
	}
	telling.Wait()
}

// stop tells the members to stop, and reads on for a while.
func (d *deal) stop(ctx context.Context, cancel context.CancelCauseFunc) {
	time.AfterFunc(stopLimit, func() { cancel(errStopped) })
	for _, m := range d.members {
		go func() { _ = m.post(ctx, pathStop, nil, nil) }()
	}
}
