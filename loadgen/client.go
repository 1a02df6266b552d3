package loadgen

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Client sends first requests.
type Client struct {
	// Clock is the run's clock, on which all instants of a sample are.
	Clock record.Clock
	// Timeout is when the client gives a request up, counted from its being sent
	// and connecting included.
	Timeout time.Duration
	// Dial opens connections; a plain net.Dialer by default.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// TraceID, when set, draws the trace id of each request whose target has none: 32
	// hexadecimal digits, which go into its sample, and into its header so that what it
	// passes on its way reports spans of that trace.
	TraceID func() string
	// Message is how the requests look, but for those of the classes in Messages.
	Message  Message
	Messages map[record.Key]Message
	// Protocol is HTTP1 if it is nil.
	Protocol Protocol
	// TLS is for targets whose scheme is https. Its ServerName is the request's host.
	TLS *tls.Config
	// Expect says which answers are right.
	Expect Expect
	// Seen, when set, is given each whole answer, before it is judged.
	Seen func(Answer)
	// KeepAlive leaves the connection of a request that was answered open, so that the
	// request can be sent again over it.
	KeepAlive bool
}

func (c *Client) protocol() Protocol {
	if c.Protocol == nil {
		return HTTP1{}
	}
	return c.Protocol
}

// Send makes one request over a connection of its own and returns what became of
// it, its error that the run was interrupted and the request cut off. intended is
// when it should have been sent.
func (c *Client) Send(ctx context.Context, t record.Target, intended time.Duration) (record.Sample, error) {
	r, err := c.Prepare(t)
	if err != nil {
		return record.Sample{}, err
	}
	return r.Send(ctx, intended)
}

// Prepare makes everything ready that can be before a request's time has come.
func (c *Client) Prepare(t record.Target) (*Request, error) {
	if c.Timeout <= 0 {
		return nil, fmt.Errorf("prepare request to %s: the client timeout is %v", name(t), c.Timeout)
	}
	if t.Address == "" || t.Host == "" {
		return nil, fmt.Errorf("prepare request to %s: need a host and the ingress's address, have %q and %q", name(t), t.Host, t.Address)
	}
	id := t.TraceID
	if id == "" && c.TraceID != nil {
		id = c.TraceID()
	}
	m := c.message(t, id)
	exchange, err := c.protocol().Prepare(t, m)
	if err != nil {
		return nil, fmt.Errorf("prepare request to %s: %w", name(t), err)
	}
	r := &Request{target: t, client: c, exchange: exchange, traceID: id}
	if t.Scheme == record.HTTPS {
		r.tls = c.tlsFor(m.host(t))
	}
	return r, nil
}

// tlsFor is the TLS configuration of a request to a host.
func (c *Client) tlsFor(host string) *tls.Config {
	config := c.TLS.Clone() // nil of nil
	if config == nil {
		config = &tls.Config{}
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	config.ServerName, config.NextProtos = host, []string{c.protocol().ALPN()}
	return config
}

// message is the request's, traced if it has a trace id.
func (c *Client) message(t record.Target, traceID string) Message {
	m, own := c.Messages[t.Key()]
	if !own {
		m = c.Message
	}
	m.KeepAlive = c.KeepAlive
	if traceID != "" {
		m.Header = m.Header.Clone()
		if m.Header == nil {
			m.Header = http.Header{}
		}
		m.Header.Set("Traceparent", traceParent(traceID))
	}
	return m
}

func (c *Client) dial(ctx context.Context, address string) (net.Conn, error) {
	if c.Dial != nil {
		return c.Dial(ctx, "tcp", address)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}
