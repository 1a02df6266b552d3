package worker

import (
	"context"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// exchange is one question for a worker's clock, and its answer. Sent and got are on the
// coordinator's clock, received and answered on the worker's.
type exchange struct{ sent, received, answered, got time.Duration }

// offset is how far the worker's clock is ahead, as RFC 5905, section 8, has it:
//
//	offset = ((received - sent) + (answered - got)) / 2
//	delay  =  (got - sent) - (answered - received)
//
// The way there and the way back take no less than nothing, so that the truth is at most half
// of the delay away.
func (e exchange) offset() record.ClockOffset {
	return record.ClockOffset{
		Offset:      ((e.received - e.sent) + (e.answered - e.got)) / 2,
		Uncertainty: ((e.got - e.sent) - (e.answered - e.received) + 1) / 2,
		Requests:    1,
	}
}

// A clock is asked for so often, at the least. The quickest answer counts (Cristian,
// Probabilistic clock synchronization, 1989): it has the smallest uncertainty. On a machine that
// is busy for a moment all of them may be slow, so it is asked for a while longer until it is
// known well enough. Where the way is long, that while is over by then.
const (
	comparisons = 9
	wellEnough  = time.Millisecond
	longEnough  = 250 * time.Millisecond
)

// compare asks several times, and keeps the quickest answer.
func compare(ctx context.Context, ask func(context.Context) (exchange, error)) (record.ClockOffset, error) {
	var best record.ClockOffset
	var began, now time.Duration
	for n := 0; n < comparisons || best.Uncertainty > wellEnough && now-began < longEnough; n++ {
		e, err := ask(ctx)
		if err != nil {
			return best, err
		}
		if n == 0 {
			began = e.sent
		}
		o := e.offset()
		if n > 0 && best.Uncertainty < o.Uncertainty {
			o = best
		}
		best, now = o, e.got
		best.Requests = n + 1
	}
	return best, nil
}

// onRunClock moves the instants of a sample from the worker's clock to the run's, on which
// they are as uncertain as the offset. Latencies stay as they are.
func onRunClock(s record.Sample, o record.ClockOffset) record.Sample {
	s.ClockUncertainty = o.Uncertainty
	for _, at := range []*time.Duration{&s.Intended, &s.Sent, &s.Connected, &s.Wrote, &s.FirstByte, &s.Done} {
		if *at != 0 { // it did come that far
			*at -= o.Offset
		}
	}
	return s
}
