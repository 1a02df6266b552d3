package loadgen

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// skewedFunction answers with a wall clock that is ahead; each exchange takes the
// next of the given times there and back.
type skewedFunction struct {
	ahead time.Duration
	there []time.Duration
	back  []time.Duration
	// nonces are those of the processes that answer, in turn.
	nonces []string
	served int
}

func (f *skewedFunction) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		http.ReadRequest(bufio.NewReader(theirs))
		i := f.served % len(f.there)
		f.served++
		time.Sleep(f.there[i])
		body, _ := json.Marshal(record.Function{Requests: 1,
			Pod: revision + "-a", Nonce: f.nonces[i%len(f.nonces)], Answered: time.Now().Add(f.ahead).UnixNano(),
		})
		time.Sleep(f.back[i])
		respond("200 OK", string(body))(theirs)
	}()
	return ours, nil
}

func TestEstimateOffset(t *testing.T) {
	const ms = time.Millisecond
	cold := record.Sample{Outcome: record.OK, Function: &record.Function{Requests: 1, Nonce: "a"}}
	for _, test := range []struct {
		name     string
		function skewedFunction
		cold     record.Sample
		want     *record.ClockOffset
	}{
		{
			name:     "the quickest exchange counts",
			function: skewedFunction{ahead: time.Hour, there: []time.Duration{9 * ms, ms, 5 * ms}, back: []time.Duration{ms, ms, ms}, nonces: []string{"a"}},
			cold:     cold, want: &record.ClockOffset{Offset: time.Hour, Uncertainty: ms, Requests: 3},
		},
		{
			name:     "behind, and as wrong as the ways are unequal",
			function: skewedFunction{ahead: -time.Minute, there: []time.Duration{3 * ms}, back: []time.Duration{ms}, nonces: []string{"a"}},
			cold:     cold, want: &record.ClockOffset{Offset: -time.Minute + ms, Uncertainty: 2 * ms, Requests: 3},
		},
		{
			name:     "another process does not count",
			function: skewedFunction{there: []time.Duration{ms, ms}, back: []time.Duration{ms, ms}, nonces: []string{"a", "b"}},
			cold:     cold, want: &record.ClockOffset{Uncertainty: ms, Requests: 2},
		},
		{
			name:     "only another process",
			function: skewedFunction{there: []time.Duration{ms}, back: []time.Duration{ms}, nonces: []string{"b"}},
			cold:     cold,
		},
		{name: "no answer to compare with", cold: record.Sample{Outcome: record.Timeout}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &Client{Clock: record.NewClock(), Timeout: time.Minute}
				c.Dial = test.function.dial
				c.TraceID = func() string { t.Error("a warm request is traced"); return "" }
				time.Sleep(time.Second)
				got := EstimateOffset(t.Context(), c, targetAt("ingress:80"), test.cold, 3)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// The offset leads from the function's clock back to the run's.
func TestAtFunction(t *testing.T) {
	c := record.NewClock()
	functions := c.Start().Add(5*time.Second + time.Hour).UnixNano()
	if got := c.AtFunction(functions, record.ClockOffset{Offset: time.Hour}); got != 5*time.Second {
		t.Errorf("got %v", got)
	}
}
