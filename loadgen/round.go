package loadgen

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Round is what became of one cell.
type Round struct {
	Cell
	// Samples are in the order of the targets. There are fewer than services when
	// some were not at zero, or the run was interrupted.
	Samples []record.Sample
	// Skipped are services that were not fired at, because they did not come back
	// to zero pods.
	Skipped int
}

// Skew is the time between the first and the last request being sent.
func (r Round) Skew() time.Duration {
	return spread(r.Samples, func(s record.Sample) time.Duration { return s.Sent })
}

// WireSkew is the time between the first and the last request being written.
func (r Round) WireSkew() time.Duration {
	return spread(r.Samples, func(s record.Sample) time.Duration { return s.Wrote })
}

// spread is the distance from the first to the last of the instants that are set.
func spread(samples []record.Sample, instant func(record.Sample) time.Duration) time.Duration {
	var set []time.Duration
	for _, s := range samples {
		if at := instant(s); at > 0 {
			set = append(set, at)
		}
	}
	if len(set) == 0 {
		return 0
	}
	return slices.Max(set) - slices.Min(set)
}

// fire makes one round.
func (e *Scale) fire(ctx context.Context, r *recorder, c Cell) (Round, error) {
	if e.OnRound != nil {
		e.OnRound(c)
	}
	round := Round{Cell: c}
	targets, err := e.atZero(ctx, r, c)
	if err != nil {
		return round, err
	}
	round.Skipped = c.Services - len(targets)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	k := &keeper{recorder: r, cell: c, targets: targets, kept: make([]*record.Sample, len(targets)), stop: stop}
	v, err := e.volley(ctx, k)
	if err != nil {
		return round, err
	}
	defer v.close()
	if e.OnFire != nil {
		e.OnFire(c)
	}
	e.send(ctx, v, k)
	round.Samples = k.samples()
	if e.OnFired != nil {
		e.OnFired(round)
	}
	return round, context.Cause(ctx)
}

// volley prepares the requests of a round.
func (e *Scale) volley(ctx context.Context, k *keeper) (*volley, error) {
	v := &volley{clock: e.Client.Clock, handle: func(i int, s record.Sample, err error) { k.handle(ctx, i, s, err) }}
	for _, t := range k.targets {
		request, err := e.Client.Prepare(t)
		if err != nil {
			return nil, err
		}
		v.requests = append(v.requests, request)
	}
	return v, nil
}

// send fires a volley as the options say.
func (e *Scale) send(ctx context.Context, v *volley, k *keeper) {
	if e.Options.Preconnect {
		for i, err := range v.connect(ctx) {
			if err != nil && ctx.Err() == nil {
				k.note(record.EventPreconnectFailed, k.targets[i], err)
			}
		}
	}
	if e.Options.Arrival.Pattern == Burst {
		v.burst(ctx)
		return
	}
	// The classes of a block get the same instants, each block others.
	offsets := e.Options.Arrival.offsets(len(v.requests), e.Options.Seed, uint64(k.cell.Block))
	v.openLoop(ctx, e.Options.Arrival.Rate, offsets)
}

// atZero waits until all services of the experiment are at zero, settles, and
// returns those of the cell. One that does not get there is left out.
func (e *Scale) atZero(ctx context.Context, r *recorder, c Cell) ([]record.Target, error) {
	all, chosen := e.all(), e.chosen(c)
	waits := newZeros(ctx, e.Cluster, all, e.Options.ZeroTimeout)
	var atZero atomic.Int64
	waits.done = func() {
		if e.OnZero != nil {
			e.OnZero(int(atZero.Add(1)), len(all))
		}
	}
	for i := range all {
		waits.start(i)
	}
	waits.wait()
	var ready []record.Target
	for i, t := range all {
		err, fired := waits.await(ctx, i), slices.Contains(chosen, t)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil && fired:
			ready = append(ready, t)
		case err == nil:
		case fired:
			err = r.skip(t, fmt.Errorf("block %d, %d services: %w", c.Block, c.Services, err))
		default:
			err = r.event(record.EventNotAtZero, t, err)
		}
		if err != nil {
			return nil, err
		}
	}
	return ready, pause(ctx, e.Options.Settle)
}

// chosen are the targets of a cell: the first ones of its class.
func (e *Scale) chosen(c Cell) []record.Target {
	from := e.Targets
	if c.Discarded {
		from = e.Warm
	}
	var chosen []record.Target
	for _, t := range from {
		if t.RuntimeClass == c.RuntimeClass && len(chosen) < c.Services {
			chosen = append(chosen, t)
		}
	}
	return chosen
}

// keeper keeps the samples of a round as they come in.
type keeper struct {
	*recorder
	cell    Cell
	targets []record.Target
	// kept has a place for each target's sample, so that no lock is needed.
	kept []*record.Sample
	// stop ends the round when nothing can be written down any more.
	stop context.CancelCauseFunc
}

func (k *keeper) handle(ctx context.Context, i int, s record.Sample, err error) {
	if err != nil {
		k.note(record.EventRequestAbandoned, k.targets[i], err)
		return
	}
	s.Services, s.Block, s.Discarded = k.cell.Services, k.cell.Block, k.cell.Discarded
	if err := k.keep(ctx, k.targets[i], &s); err != nil {
		k.stop(err)
		return
	}
	k.kept[i] = &s
}

// note writes down an event, or stops the round when it cannot.
func (k *keeper) note(kind record.Kind, t record.Target, cause error) {
	if err := k.event(kind, t, cause); err != nil {
		k.stop(err)
	}
}

func (k *keeper) samples() []record.Sample {
	var samples []record.Sample
	for _, s := range k.kept {
		if s != nil {
			samples = append(samples, *s)
		}
	}
	return samples
}

// pause waits, unless the context ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
