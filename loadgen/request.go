package loadgen

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// maxBody is how much of a body is kept; the function's is a few hundred bytes.
const maxBody = 64 << 10

// Request is one request, ready to be sent: once, or again and again, one after the
// other, if its client keeps connections alive.
//
//	intended   sent       connected  wrote            firstByte    done
//	   |--------|-------------|--------|------------------|----------|
//	    lateness  connecting   writing   the cold start      body
//	            |---------------- response latency ------------------|
//
// With Connect called before, and on a connection that was kept, connected lies before
// sent.
type Request struct {
	target   record.Target
	client   *Client
	exchange Exchange
	traceID  string
	// tls is nil for a request without TLS.
	tls       *tls.Config
	wire      *Wire
	connected time.Duration
	handshake time.Duration
}

// Connect opens the connection before the request's time has come. When it
// fails, Send connects for itself.
func (r *Request) Connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.client.Timeout)
	defer cancel()
	return r.connect(ctx)
}

func (r *Request) connect(ctx context.Context) error {
	conn, err := r.client.dial(ctx, r.target.Address)
	if err != nil {
		return err
	}
	w := newWire(r.client.Clock, conn)
	if r.tls != nil {
		if r.handshake, err = w.secure(ctx, r.tls); err != nil {
			conn.Close()
			return fmt.Errorf("TLS handshake with %s as %s: %w", r.target.Address, r.tls.ServerName, err)
		}
	}
	r.wire, r.connected = w, r.client.Clock.Now()
	return nil
}

// Close closes the connection, if there is one.
func (r *Request) Close() {
	if r.wire != nil {
		r.wire.Close()
		r.wire, r.connected, r.handshake = nil, 0, 0
	}
}

// keep leaves the connection open for the next time, without the deadline of this one.
func (r *Request) keep(a Answer) bool {
	return r.client.KeepAlive && !a.Last && r.wire.SetDeadline(time.Time{}) == nil
}

// Send sends the request and waits for its outcome. Its error says that the
// context ended first: the request was then cut off, and has no outcome.
func (r *Request) Send(ctx context.Context, intended time.Duration) (record.Sample, error) {
	kept := false
	defer func() {
		if !kept {
			r.Close()
		}
	}()
	s := record.Sample{
		Type: record.TypeSample, RuntimeClass: r.target.RuntimeClass, Variant: r.target.Variant, Services: 1,
		Service: r.target.Service, Namespace: r.target.Namespace, Revision: r.target.Revision, TraceID: r.traceID,
		Intended: intended, ClientTimeout: r.client.Timeout,
		Cold: record.Unknown, ColdReason: record.NotExamined,
	}
	if err := ctx.Err(); err != nil {
		return s, err
	}
	s.Sent = r.client.Clock.Now()
	answer, err := r.do(ctx, &s)
	s.Status, s.BodyBytes = answer.Status, answer.BodyBytes
	r.stamp(&s, err)
	if err == nil {
		if r.client.Seen != nil {
			r.client.Seen(answer)
		}
		r.client.Expect.judge(r.target, answer, &s)
		kept = r.keep(answer)
	} else {
		s.Outcome = classify(err)
		s.Error = explain(s.Outcome, err, r.target.Address, &s)
	}
	if err != nil && ctx.Err() != nil {
		return s, fmt.Errorf("request to %s cut off after %v: %w", name(r.target), s.ResponseLatency, ctx.Err())
	}
	return s, nil
}

// stamp fills in when what happened.
func (r *Request) stamp(s *record.Sample, err error) {
	s.Done = r.client.Clock.Now()
	if w := r.wire; w != nil {
		s.Connected, s.TLSHandshake = r.connected, r.handshake
		s.Wrote, s.FirstByte = w.wrote.get(), w.first.get()
		if err == nil {
			s.Done = w.stamps.last.get()
		}
	}
	s.ResponseLatency = s.Done - s.Sent
	if s.FirstByte > 0 {
		s.TTFB = s.FirstByte - s.Sent
		// An answer may arrive before the call that wrote the request has returned.
		s.Wrote = min(s.Wrote, s.FirstByte)
	}
}

// do sends the message and reads the whole answer.
func (r *Request) do(ctx context.Context, s *record.Sample) (Answer, error) {
	deadline := r.client.Clock.Start().Add(s.Sent + r.client.Timeout)
	if r.wire == nil {
		connecting, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		if err := r.connect(connecting); err != nil {
			return Answer{}, err
		}
	}
	r.wire.begin()
	// What arrived on the connection before is no answer to this request.
	r.wire.stamps.last.set(max(s.Sent, r.wire.stamps.last.get()))
	if err := r.wire.SetDeadline(deadline); err != nil {
		return Answer{}, err
	}
	wire := r.wire // what ends with ctx may come later than the answer, when the request has no wire any more
	defer context.AfterFunc(ctx, func() { wire.SetDeadline(time.Unix(1, 0)) })()
	return r.exchange.Do(ctx, wire)
}
