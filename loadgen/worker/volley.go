package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// Volley is requests that belong together, as loadgen.Volley is, for workers to send.
type Volley struct {
	Client  *loadgen.Spec
	Targets []record.Target
	// Arrival, Seed, Stream and Preconnect are those of a loadgen.Volley.
	Arrival      loadgen.Arrival
	Seed, Stream uint64
	Preconnect   bool
	// TraceID, when set, draws the trace that each request begins.
	TraceID func() string
	// First is which of the workers has the first share: the next one after the last is the
	// first again.
	First int
	// Prepared, when set, is called once it is known which workers send them, before they are
	// told.
	Prepared func()
	// Handle is called once for each request that was sent, by several goroutines at a time:
	// with its sample, or why there is none. If a worker is lost, that is a LostError for each
	// request of its share of which there is no sample.
	Handle           func(i int, s record.Sample, err error)
	PreconnectFailed func(i int, err error)
}

// Fire has the workers send the requests, and returns when all are handled. Its error says
// that there is no worker, that ctx had ended before, or that what they said makes no sense.
func (t *Team) Fire(ctx context.Context, v *Volley) error {
	members, err := t.summon(ctx, v.First, len(v.Targets))
	if err != nil {
		return err
	}
	if v.Prepared != nil {
		v.Prepared()
	}
	if len(v.Targets) == 0 {
		return nil
	}
	f := &firing{Volley: v, handled: make([]bool, len(v.Targets)), cutOff: map[int]error{}}
	d := &deal{team: t, members: members, lead: startLead, order: f.order}
	if v.Preconnect {
		d.lead += loadgen.ConnectLead
	}
	d.take = func(i int, l line) error { return f.take(d.share(i), d.members[i].ahead(), l) }
	d.missing = func(i int) (int, int) { missing, of := f.missing(d.share(i)); return len(missing), of }
	results, err := d.do(ctx)
	f.handling.Wait()
	if err != nil {
		return err
	}
	f.giveUp(d, results)
	if v.Arrival.Pattern == loadgen.Burst && len(f.delays) > 1 {
		t.tellSkew(v.Targets[0], f.delays, d.members)
	}
	return nil
}

// firing is a volley under way.
type firing struct {
	*Volley
	handling sync.WaitGroup

	mu      sync.Mutex
	handled []bool
	// cutOff says why requests were cut off. Only with the last line of their worker it is known
	// whether it is lost.
	cutOff map[int]error
	// delays are how long after they were due requests were sent.
	delays []time.Duration
}

// order is what the worker of a share is to send.
func (f *firing) order(s loadgen.Share) order {
	o := &volleyOrder{Arrival: f.Arrival, Seed: f.Seed, Stream: f.Stream, Preconnect: f.Preconnect}
	for i, target := range f.Targets {
		if !s.Has(i) {
			continue
		}
		if f.TraceID != nil {
			target.TraceID = f.TraceID()
		}
		o.Targets = append(o.Targets, target)
	}
	return order{Client: *f.Client, Share: s, Volley: o}
}

// take takes a line of the worker of a share.
func (f *firing) take(s loadgen.Share, offset record.ClockOffset, l line) error {
	if l.Sent == nil {
		return nil
	}
	i := s.All(l.Sent.Target)
	if l.Sent.Target < 0 || i >= len(f.Targets) {
		return fmt.Errorf("a worker tells of request %d of its share, which it does not have", l.Sent.Target)
	}
	if why := l.Sent.NotConnected; why != "" {
		f.PreconnectFailed(i, errors.New(why))
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if why := l.Sent.CutOff; why != "" {
		f.cutOff[i] = errors.New(why)
		return nil
	}
	one := onRunClock(l.Sent.Sample, offset)
	f.handled[i], f.delays = true, append(f.delays, one.Lateness())
	f.handling.Go(func() { f.Handle(i, one, nil) }) // it waits for the proof
	return nil
}

// giveUp handles the requests of which there is no sample, because their worker is lost or
// because they were cut off. Those that were not sent before an interruption are nobody's.
func (f *firing) giveUp(d *deal, results []result) {
	for m, r := range results {
		missing, _ := f.missing(d.share(m))
		for _, i := range missing {
			why := f.cutOff[i]
			if r.lost != nil {
				why = r.lost
			}
			if why != nil {
				f.Handle(i, record.Sample{}, why)
			}
		}
	}
}

// missing are the requests of a share of which there is no sample, of so many.
func (f *firing) missing(s loadgen.Share) (missing []int, of int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, handled := range f.handled {
		if !s.Has(i) {
			continue
		}
		if of++; !handled {
			missing = append(missing, i)
		}
	}
	return missing, of
}

// tellSkew writes down how far apart the requests of a burst were sent. Each instant is as
// uncertain as its worker's clock, and so the difference of two as both together.
func (t *Team) tellSkew(first record.Target, delays []time.Duration, members []*member) {
	var uncertain []time.Duration
	for _, m := range members {
		uncertain = append(uncertain, m.ahead().Uncertainty)
	}
	slices.Sort(uncertain)
	var both time.Duration
	if n := len(uncertain); n > 1 {
		both = uncertain[n-1] + uncertain[n-2]
	}
	early, late := slices.Min(delays), slices.Max(delays)
	t.event(record.Event{
		At: t.clock.Now(), Kind: record.EventWorkersSkew, RuntimeClass: first.RuntimeClass, Variant: first.Variant,
		Value: (late - early).Seconds(), ClockOffset: &record.ClockOffset{Uncertainty: both},
		Message: fmt.Sprintf("%d requests of a burst were sent by %d workers from %v to %v after they were due, which is known to ±%v",
			len(delays), len(members), early, late, both),
	})
}
