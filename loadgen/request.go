package loadgen

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// maxBody is how much of a body is kept; the function's is a few hundred bytes.
const maxBody = 64 << 10

// Request is one request, ready to be sent once.
//
//	intended   sent       connected  wrote            firstByte    done
//	   |--------|-------------|--------|------------------|----------|
//	    lateness  connecting   writing   the cold start      body
//	            |---------------- response latency ------------------|
//
// With Connect called before, connected lies before sent.
type Request struct {
	target    record.Target
	client    *Client
	text      []byte
	traceID   string
	conn      net.Conn
	connected time.Duration
	stamps    stampReader
	answer    *bufio.Reader
}

func newRequest(c *Client, t record.Target, text []byte) *Request {
	r := &Request{target: t, client: c, text: text}
	r.stamps.clock = c.Clock
	r.answer = bufio.NewReader(&r.stamps)
	return r
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
	r.conn, r.connected = conn, r.client.Clock.Now()
	r.stamps.use(conn)
	return nil
}

// Close closes the connection of a request that will not be sent.
func (r *Request) Close() {
	if r.conn != nil {
		r.conn.Close()
	}
}

// Send sends the request and waits for its outcome. Its error says that the
// context ended first: the request was then cut off, and has no outcome.
func (r *Request) Send(ctx context.Context, intended time.Duration) (record.Sample, error) {
	defer r.Close()
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
	// What arrived on the connection before is no answer to this request.
	r.stamps.last = s.Sent
	answer, err := r.exchange(ctx, &s)
	s.Status = answer.Status
	if err != nil {
		s.Done = r.client.Clock.Now()
	} else {
		s.Done = r.stamps.last
	}
	s.ResponseLatency = s.Done - s.Sent
	if s.FirstByte = r.stamps.first; s.FirstByte > 0 {
		s.TTFB = s.FirstByte - s.Sent
		// An answer may arrive before the call that wrote the request has returned.
		s.Wrote = min(s.Wrote, s.FirstByte)
	}
	if err == nil {
		r.client.recogniser().Recognise(r.target, answer, &s)
	} else {
		s.Outcome = classify(err)
		s.Error = explain(s.Outcome, err, r.target.Address, &s)
	}
	if err != nil && ctx.Err() != nil {
		return s, fmt.Errorf("request to %s cut off after %v: %w", name(r.target), s.ResponseLatency, ctx.Err())
	}
	return s, nil
}

// exchange writes the request and reads the whole answer.
func (r *Request) exchange(ctx context.Context, s *record.Sample) (Answer, error) {
	deadline := r.client.Clock.Start().Add(s.Sent + r.client.Timeout)
	if r.conn == nil {
		dialing, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		if err := r.connect(dialing); err != nil {
			return Answer{}, err
		}
	}
	s.Connected = r.connected
	if err := r.conn.SetDeadline(deadline); err != nil {
		return Answer{}, err
	}
	if _, err := r.conn.Write(r.text); err != nil {
		return Answer{}, err
	}
	s.Wrote = r.client.Clock.Now()
	defer context.AfterFunc(ctx, func() { r.conn.SetDeadline(time.Unix(1, 0)) })()
	return r.client.protocol().Decode(r.answer, r.client.Message)
}
