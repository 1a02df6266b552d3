package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// made is a clock of a worker that is ahead, and the ways to it and back.
type made struct {
	now, ahead  time.Duration
	there, back []time.Duration
}

func (m *made) ask(context.Context) (exchange, error) {
	if len(m.there) == 0 {
		return exchange{}, errors.New("no answer")
	}
	e := exchange{sent: m.now}
	m.now += m.there[0]
	e.received = m.now + m.ahead
	m.now += time.Millisecond // what the worker takes
	e.answered = m.now + m.ahead
	m.now += m.back[0]
	e.got = m.now
	m.there, m.back = m.there[1:], m.back[1:]
	return e, nil
}

// The quickest answer counts, and the truth lies within its uncertainty however the way
// there differs from the way back.
func TestTheOffsetOfAMadeUpClock(t *testing.T) {
	const ms = time.Millisecond
	slow := []time.Duration{90 * ms, 80 * ms, 70 * ms, 60 * ms, 50 * ms, 40 * ms, 30 * ms, 20 * ms}
	for name, test := range map[string]struct {
		ahead, there, back time.Duration
		offset             time.Duration
	}{
		"equal ways":      {time.Hour, 2 * ms, 2 * ms, time.Hour},
		"behind":          {-time.Hour, 2 * ms, 2 * ms, -time.Hour},
		"only there":      {time.Hour, 4 * ms, 0, time.Hour + 2*ms},
		"only back":       {time.Hour, 0, 4 * ms, time.Hour - 2*ms},
		"no time at all":  {time.Hour, 0, 0, time.Hour},
		"an odd duration": {time.Hour, 3, 0, time.Hour + 1},
	} {
		t.Run(name, func(t *testing.T) {
			m := &made{ahead: test.ahead}
			for _, d := range slow { // on a slow way, all of it on the way there
				m.there, m.back = append(m.there, d), append(m.back, 0)
			}
			m.there, m.back = append(m.there, test.there), append(m.back, test.back)
			o, err := compare(t.Context(), m.ask)
			if err != nil {
				t.Fatal(err)
			}
			if o.Offset != test.offset || o.Uncertainty != (test.there+test.back+1)/2 || o.Requests != comparisons {
				t.Errorf("got %+v, want %v", o, test.offset)
			}
			if off := (o.Offset - test.ahead).Abs(); off > o.Uncertainty {
				t.Errorf("off by %v, and said to be known to %v", off, o.Uncertainty)
			}
		})
	}
	if _, err := compare(t.Context(), (&made{there: slow[:3], back: slow[:3]}).ask); err == nil {
		t.Error("a clock that stops answering is known")
	}
}

// A clock that is not known well is asked for longer, but not for long.
func TestAClockIsAskedForLonger(t *testing.T) {
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		slow, of int // so many answers take so long there, and then all are quick
		requests int
	}{
		"known at once":    {0, 0, comparisons},
		"busy for a while": {12, 10, 13},
		"a long way":       {100, 30, comparisons},
		"busy for longer":  {100, 20, 12},
	} {
		t.Run(name, func(t *testing.T) {
			m := &made{there: make([]time.Duration, 100), back: make([]time.Duration, 100)}
			for i := range test.slow {
				m.there[i] = time.Duration(test.of) * ms
			}
			if o, err := compare(t.Context(), m.ask); err != nil || o.Requests != test.requests {
				t.Errorf("%+v, %v; want %d requests", o, err, test.requests)
			}
		})
	}
}

// Instants are moved, what was not reached stays zero, and durations stay as they are.
func TestOnRunClock(t *testing.T) {
	s := record.Sample{Intended: 10, Sent: 11, Done: 15, ResponseLatency: 4, TTFB: 3, ClientTimeout: 9}
	got := onRunClock(s, record.ClockOffset{Offset: 8, Uncertainty: 5})
	if got.ClockUncertainty != 5 || got.Intended != 2 || got.Sent != 3 || got.Done != 7 || got.Connected != 0 || got.FirstByte != 0 {
		t.Errorf("instants %+v", got)
	}
	if got.ResponseLatency != 4 || got.TTFB != 3 || got.ClientTimeout != 9 || got.Done-got.Sent != s.Done-s.Sent {
		t.Errorf("durations %+v", got)
	}
}
