package experiment

import (
	"context"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// RoundPlan is one round that a plan asks for: so many services of a class, fired
// together.
type RoundPlan struct {
	// Key names the class and the number of services.
	record.Key
	Block     int
	Discarded bool
}

// Round is what became of a planned round.
type Round struct {
	RoundPlan
	// Samples are in the order of the targets. There are fewer than services when some
	// were not at zero, or when the run was interrupted.
	Samples []record.Sample
	// Skipped are services that were not fired at, because they did not return to zero
	// pods.
	Skipped int
	// lost says that a worker was lost that had requests of the round to send.
	lost error
}

// Skew is the time between the first and the last request being sent.
func (r Round) Skew() time.Duration {
	return spread(r.Samples, func(s record.Sample) time.Duration { return s.Sent })
}

// WireSkew is the time between the first and the last request being written.
func (r Round) WireSkew() time.Duration {
	return spread(r.Samples, func(s record.Sample) time.Duration { return s.Wrote })
}

// spread is the time from the first to the last of the instants that are set.
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

// keeper keeps the samples of a round as they come in.
type keeper struct {
	*recorder
	plan    RoundPlan
	targets []record.Target
	// kept has a place for each target's sample, so that no lock is needed.
	kept []*record.Sample
	// stop ends the round when nothing can be written down any more.
	stop context.CancelCauseFunc
	// lost is the loss of a worker with requests of the round. The recorder's lock guards it.
	lost error
}

func (k *keeper) handle(ctx context.Context, i int, s record.Sample, err error) {
	if err != nil {
		k.abandon(k.targets[i], err)
		return
	}
	s.Services, s.Block, s.Discarded = k.plan.Services, k.plan.Block, k.plan.Discarded
	err = k.ended(k.targets[i], &s)
	if err == nil {
		err = k.keep(ctx, k.targets[i], &s)
	}
	if err != nil {
		k.stop(err)
		return
	}
	k.kept[i] = &s
}

// abandon writes down that nothing is known of a request, or stops the round when it cannot.
func (k *keeper) abandon(t record.Target, cause error) {
	if isLoss(cause) {
		k.mu.Lock()
		k.lost = cause
		k.mu.Unlock()
	}
	if err := k.recorder.abandon(t, cause); err != nil {
		k.stop(err)
	}
}

// notConnected writes down that a connection could not be opened beforehand.
func (k *keeper) notConnected(ctx context.Context, i int, cause error) {
	if ctx.Err() == nil {
		if err := k.event(record.EventPreconnectFailed, k.targets[i], cause); err != nil {
			k.stop(err)
		}
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
