package loadgen

import (
	"bufio"
	"bytes"
	"context"
	"net/http"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// HTTP1 is HTTP/1.1.
type HTTP1 struct{}

// ALPN implements Protocol.
func (HTTP1) ALPN() string { return "http/1.1" }

// Prepare implements Protocol. The message is checked by net/http.
func (HTTP1) Prepare(t record.Target, m Message) (Exchange, error) {
	path, err := m.path(t)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(m.method(), "http://"+m.host(t)+path, bytes.NewReader(m.Body))
	if err != nil {
		return nil, err
	}
	if len(m.Body) == 0 {
		r.Body, r.ContentLength = nil, 0
	}
	r.Close = !m.KeepAlive
	r.Header.Set("User-Agent", userAgent)
	for name, values := range m.Header {
		r.Header[name] = values
	}
	var text bytes.Buffer
	if err := r.Write(&text); err != nil {
		return nil, err
	}
	return &http1Exchange{text.Bytes(), m.method(), bufio.NewReader(nil)}, nil
}

type http1Exchange struct {
	text   []byte
	method string
	// reader is made beforehand, so that its memory is there when the answer comes.
	reader *bufio.Reader
}

// Do implements Exchange. Informational answers are read over.
func (e *http1Exchange) Do(_ context.Context, w *Wire) (Answer, error) {
	if _, err := w.Write(e.text); err != nil {
		return Answer{}, err
	}
	w.Wrote()
	e.reader.Reset(answerReader{w})
	to := &http.Request{Method: e.method} // the answer to HEAD has no body
	answer, err := http.ReadResponse(e.reader, to)
	for err == nil && informational(answer.StatusCode) {
		answer, err = http.ReadResponse(e.reader, to)
	}
	if err != nil {
		return Answer{}, err
	}
	body, size, err := readBody(answer.Body)
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: body, BodyBytes: size, Last: answer.Close}, err
}

// informational says that the real answer is yet to come.
func informational(status int) bool {
	return status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
}
