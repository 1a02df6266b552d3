package loadgen

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// impatient is an ingress in memory that closes a connection on which no request
// arrives for a minute, as Traefik does.
func impatient(dialed func()) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		dialed()
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			theirs.SetReadDeadline(time.Now().Add(time.Minute))
			if _, err := theirs.Read(make([]byte, 1<<10)); err == nil {
				respond("200 OK", functionBody("h-1-00001-deployment-a"))(theirs)
			}
		}()
		return ours, nil
	}
}

// A connection of a paced arrival is opened shortly before its request is due: one
// that waits for minutes would be closed by the ingress, and come back as a reset
// that says nothing about the service.
func TestPreconnectOfAPacedArrivalIsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var dials []time.Duration
		c := newClient(10 * time.Second)
		c.Dial = impatient(func() {
			mu.Lock()
			defer mu.Unlock()
			dials = append(dials, c.Clock.Now())
		})
		samples := make([]record.Sample, 4)
		v := &Volley{Clock: c.Clock, Arrival: Arrival{Uniform, 1.0 / 40}, Preconnect: true,
			Handle: func(i int, s record.Sample, _ error) { samples[i] = s }}
		for range samples {
			r, err := c.Prepare(targetAt("ingress:80"))
			if err != nil {
				t.Fatal(err)
			}
			v.Requests = append(v.Requests, r)
		}
		v.Fire(t.Context())
		for i, s := range samples {
			due := time.Duration(i)*40*time.Second + ConnectLead
			if s.Outcome != record.OK || s.Sent != due {
				t.Errorf("request %d: %s %s, sent at %v", i, s.Outcome, s.Error, s.Sent)
			}
			if want := due - ConnectLead; dials[i] != want || s.Connected != want {
				t.Errorf("request %d: connected at %v, want %v", i, dials[i], want)
			}
		}
	})
}

// A connection that takes longer than there is time before its request does not delay
// the request.
func TestASlowConnectionDelaysNoRequest(t *testing.T) {
	const opening = 5 * time.Second
	synctest.Test(t, func(t *testing.T) {
		c := newClient(10 * time.Second)
		connect := impatient(func() {})
		c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			select {
			case <-time.After(opening):
				return connect(ctx, network, address)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		var sample record.Sample
		failed := 0
		v := &Volley{Clock: c.Clock, Arrival: Arrival{Uniform, 1}, Preconnect: true,
			Handle: func(_ int, s record.Sample, _ error) { sample = s }, PreconnectFailed: func(int, error) { failed++ }}
		r, err := c.Prepare(targetAt("ingress:80"))
		if err != nil {
			t.Fatal(err)
		}
		v.Requests = []*Request{r}
		v.Fire(t.Context())
		if sample.Outcome != record.OK || sample.Lateness() != 0 || sample.ResponseLatency != opening || failed != 1 {
			t.Errorf("%s %s, late by %v, latency %v, %d not connected before", sample.Outcome, sample.Error, sample.Lateness(), sample.ResponseLatency, failed)
		}
	})
}

func TestAnInterruptedOpenLoopSendsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(10 * time.Second)
		c.Dial = impatient(func() {})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		handled := 0
		v := &Volley{Clock: c.Clock, Arrival: Arrival{Uniform, 0.1}, Handle: func(int, record.Sample, error) { handled++ }}
		for range 3 {
			r, err := c.Prepare(targetAt("ingress:80"))
			if err != nil {
				t.Fatal(err)
			}
			v.Requests = append(v.Requests, r)
		}
		if v.Fire(ctx); handled != 1 || c.Clock.Now() != 5*time.Second {
			t.Errorf("%d handled after %v", handled, c.Clock.Now())
		}
	})
}
