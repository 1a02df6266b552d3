package loadgen

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptrace"

	"golang.org/x/net/http2"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// HTTP2 is HTTP/2: over TLS, and in cleartext (h2c) with prior knowledge, which means
// that it does not ask the server first whether it speaks it.
type HTTP2 struct{}

// ALPN implements Protocol.
func (HTTP2) ALPN() string { return http2.NextProtoTLS }

// Prepare implements Protocol.
func (HTTP2) Prepare(t record.Target, m Message) (Exchange, error) {
	r, err := http2Request(t, m)
	if err != nil {
		return nil, err
	}
	return &http2Exchange{r}, nil
}

func http2Request(t record.Target, m Message) (*http.Request, error) {
	path, err := m.path(t)
	if err != nil {
		return nil, err
	}
	scheme := "http"
	if t.Scheme == record.HTTPS {
		scheme = record.HTTPS
	}
	r, err := http.NewRequest(m.method(), scheme+"://"+m.host(t)+path, bytes.NewReader(m.Body))
	if err != nil {
		return nil, err
	}
	if len(m.Body) == 0 {
		r.Body, r.ContentLength = nil, 0
	}
	r.Header.Set("User-Agent", userAgent)
	for name, values := range m.Header {
		r.Header[name] = values
	}
	return r, nil
}

type http2Exchange struct{ request *http.Request }

// Do implements Exchange.
func (e *http2Exchange) Do(ctx context.Context, w *Wire) (Answer, error) {
	answer, err := roundTrip(ctx, w, e.request)
	if err != nil {
		return Answer{}, err
	}
	defer answer.Body.Close()
	body, size, err := readBody(answer.Body)
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: body, BodyBytes: size, Last: !w.http2.CanTakeNewRequest()}, err
}

// roundTrip sends one request as the only stream that its connection has at the time,
// and returns once the answer's header has come. The server's settings come before it
// and are no part of the answer: the answer begins with the frame of its header.
func roundTrip(ctx context.Context, w *Wire, r *http.Request) (*http.Response, error) {
	if w.http2 == nil {
		//lint:ignore SA1019 net/http dials by itself, and this connection is open and has been timed
		conn, err := (&http2.Transport{AllowHTTP: true, DisableCompression: true}).NewClientConn(w)
		if err != nil {
			return nil, err
		}
		w.http2 = conn
	}
	trace := &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { w.Wrote() },
		GotFirstResponseByte: w.Answered,
	}
	r = r.WithContext(httptrace.WithClientTrace(ctx, trace))
	if r.GetBody != nil { // a body is read only once
		var err error
		if r.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
	}
	return w.http2.RoundTrip(r)
}
