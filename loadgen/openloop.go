package loadgen

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// openLoop sends the requests at their offsets from now, whether earlier ones
// were answered or not, and returns when all are handled.
//
// vegeta paces; what it calls to send is ours, so that a request is made and
// measured in the same way however it was released:
//
//	schedule → interruptible → vegeta.Attacker → targeter → http.Client → sender → Request.Send
func (v *volley) openLoop(ctx context.Context, rate float64, offsets []time.Duration) {
	if len(v.requests) == 0 {
		return
	}
	pace := &schedule{rate: rate, offsets: offsets, now: v.clock.Now}
	attacker := vegeta.NewAttacker(
		// The option alone: vegeta's other transport options want an *http.Transport.
		vegeta.Client(&http.Client{Transport: &sender{ctx: ctx, volley: v, pace: pace}}),
		// A worker for each request, so that none waits for one.
		vegeta.Workers(uint64(len(v.requests))),
	)
	for range attacker.Attack(v.targeter(), interruptible{ctx, pace}, 0, "") {
		// What vegeta measured is of no use here: the sender has handled it.
	}
}

// trialHeader tells the sender which request a hit is. It stays in this process.
const trialHeader = "Kn-Coldstart-Trial"

// targeter gives each hit the service whose turn it is.
func (v *volley) targeter() vegeta.Targeter {
	var next atomic.Int64
	return func(hit *vegeta.Target) error {
		i := int(next.Add(1)) - 1
		if i >= len(v.requests) {
			return vegeta.ErrNoTargets
		}
		t := v.requests[i].target
		hit.Method, hit.URL = http.MethodGet, "http://"+t.Address+"/"
		hit.Header = http.Header{"Host": {t.Host}, trialHeader: {strconv.Itoa(i)}}
		return nil
	}
}

// sender is a transport that sends a volley's own requests.
type sender struct {
	ctx    context.Context
	volley *volley
	pace   *schedule
}

// RoundTrip sends the request that the hit stands for.
func (s *sender) RoundTrip(hit *http.Request) (*http.Response, error) {
	i, err := strconv.Atoi(hit.Header.Get(trialHeader))
	if err != nil {
		return nil, fmt.Errorf("send a hit: %w", err)
	}
	sample, err := s.volley.requests[i].Send(s.ctx, s.pace.intended(i))
	s.volley.handle(i, sample, err)
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: hit}, nil
}
