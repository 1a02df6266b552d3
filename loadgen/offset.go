package loadgen

import (
	"context"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// warmTimeout is the client timeout of a warm request: one that takes longer says
// nothing about a clock.
const warmTimeout = 2 * time.Second

// EstimateOffset sends up to n warm requests to the function that answered s and
// estimates its clock's offset from the quickest of them. It sends none to a function
// that does not say who it is. It is nil when none was answered by that very process.
//
//	run's clock       connected ------- middle ------- firstByte
//	function's clock               answered
//
// The function's answer lies somewhere between the two instants of the run's
// clock. Their middle is the best guess, half their distance the bound of its
// error: the quicker the exchange, the better the estimate.
func EstimateOffset(ctx context.Context, c *Client, t record.Target, s record.Sample, n int) *record.ClockOffset {
	if s.Outcome != record.OK || s.Function == nil {
		return nil
	}
	quick := *c
	quick.Timeout = min(c.Timeout, warmTimeout)
	quick.TraceID = nil // warm requests belong to no sample, so neither would their spans
	var best *record.ClockOffset
	answered := 0
	for range n {
		warm, err := quick.Send(ctx, t, c.Clock.Now())
		if err != nil {
			break
		}
		if warm.Outcome != record.OK || warm.Function == nil || warm.Function.Nonce != s.Function.Nonce {
			continue
		}
		answered++
		if o := offsetOf(c.Clock, warm); best == nil || o.Uncertainty < best.Uncertainty {
			best = &o
		}
	}
	if best != nil {
		best.Requests = answered
	}
	return best
}

// offsetOf is the offset that one warm request shows.
func offsetOf(clock record.Clock, warm record.Sample) record.ClockOffset {
	exchange := warm.FirstByte - warm.Connected
	return record.ClockOffset{
		Offset:      clock.AtFunction(warm.Function.Answered, record.ClockOffset{}) - (warm.Connected + exchange/2),
		Uncertainty: (exchange + 1) / 2,
	}
}
