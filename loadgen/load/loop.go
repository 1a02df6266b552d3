package load

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// DefaultInFlight is how many requests may be under way where nothing else is said.
const DefaultInFlight = 5000

// Loop is an open loop of requests to one service.
//
// It goes by vegeta's pacers, and not by vegeta's attacker. The attacker tells when a
// request was sent, not when it was due; a latency ends when it has got round to reading
// the answer; where no more workers are allowed it waits for one, where a request has to
// count as dropped; and what it sends has headers of its own.
type Loop struct {
	// Client sends the requests. It keeps connections alive.
	Client *loadgen.Client
	Target record.Target
	// Pacer says when requests are due, within Length.
	Pacer  vegeta.Pacer
	Length time.Duration
	// Share is which ones of the requests that are due are sent.
	Share loadgen.Share
	// Begin, when set, is called once everything is prepared, and returns when the load
	// begins, on the run's clock. Without it that is at once.
	Begin func(context.Context) time.Duration
	// InFlight is how many requests may be under way. One that is due beyond that is
	// dropped.
	InFlight int
	// Precise has the kernel say when a request is due, where it can. Without it requests
	// are sent up to a millisecond late, half of one as a rule.
	Precise bool
	Tally   *Tally
}

// Run sends the requests and returns when all have ended and the tally is complete. It
// stops sending when the tally or the alarm fails, or when ctx ends; then requests under way are cut
// off, and it returns the reason.
func (l *Loop) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	wake := l.alarm(ctx)
	defer wake.close()
	return l.run(ctx, wake, stop)
}

// run sends the requests when an alarm wakes it.
func (l *Loop) run(ctx context.Context, wake alarm, stop context.CancelCauseFunc) error {
	c := *l.Client
	c.KeepAlive = true
	p := &pool{client: &c, target: l.Target}
	defer p.close()
	first, err := p.take()
	if err != nil {
		return err // all others would fail as well
	}
	p.put(first)
	begin := l.begin(ctx)
	l.Tally.begin(begin, stop)
	l.send(ctx, p, begin, wake, stop)
	left := l.Tally.finish()
	return errors.Join(context.Cause(ctx), left)
}

func (l *Loop) begin(ctx context.Context) time.Duration {
	if l.Begin != nil {
		return l.Begin(ctx)
	}
	return l.Client.Clock.Now()
}

// send sends each request when it is due, and returns when all have ended.
func (l *Loop) send(ctx context.Context, p *pool, begin time.Duration, wake alarm, stop context.CancelCauseFunc) {
	free := make(chan struct{}, l.InFlight)
	var flying sync.WaitGroup
	defer flying.Wait()
	for due := range dues(l.Pacer, l.Length, l.Share) {
		due += begin
		if d := due - p.client.Clock.Now(); d > 0 {
			report(stop, wake.wait(ctx, d))
		}
		if ctx.Err() != nil {
			return
		}
		select {
		case free <- struct{}{}:
		default:
			l.Tally.dropped(due)
			continue
		}
		l.Tally.sent(due)
		flying.Go(func() {
			report(stop, l.one(ctx, p, due))
			<-free
		})
	}
}

// one sends one request. That it was cut off is no error of the loop.
func (l *Loop) one(ctx context.Context, p *pool, due time.Duration) error {
	r, err := p.take()
	if err != nil {
		return fmt.Errorf("load on %s: %w", l.Target.Service, err)
	}
	s, err := r.Send(ctx, due)
	p.put(r)
	if err != nil {
		l.Tally.cutOff(due)
		return nil
	}
	return l.Tally.ended(due, &s)
}

func report(stop context.CancelCauseFunc, err error) {
	if err != nil {
		stop(err)
	}
}

// alarm is what wakes the loop.
func (l *Loop) alarm(ctx context.Context) alarm {
	if l.Precise {
		if a, err := newKernelTimer(ctx); err == nil {
			return a
		}
	}
	return newTimer()
}

// dues are when requests are due, from the begin of a load. The pacer is asked at the
// instant when the request before was due, not when it was sent: so it says when the next
// one is due, however late this program is.
func dues(p vegeta.Pacer, length time.Duration, share loadgen.Share) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		at := time.Duration(0)
		for hits := uint64(0); ; hits++ {
			wait, stop := p.Pace(at, hits)
			if at += wait; stop || at >= length || share.Has(int(hits)) && !yield(at) {
				return
			}
		}
	}
}

// Count is how many requests of a share a pacer has due within a length.
func Count(p vegeta.Pacer, length time.Duration, share loadgen.Share) int {
	n := 0
	for range dues(p, length, share) {
		n++
	}
	return n
}
