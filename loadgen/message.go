package loadgen

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Message is how a request looks, but for the host, which is the target's. The zero
// value is a GET of the target's path.
type Message struct {
	// Method is GET if it is empty, Path the target's.
	Method, Path string
	Header       http.Header
	Body         []byte
}

// Answer is a whole answer.
type Answer struct {
	Status int
	Header http.Header
	// Body is the beginning of the body, up to 64 KiB.
	Body []byte
}

// Protocol is how messages and answers look on the wire. A request has a connection
// of its own, so a protocol deals with one message and one answer.
type Protocol interface {
	// Encode is the message for a target. It is called before the request's time has
	// come.
	Encode(t record.Target, m Message) ([]byte, error)
	// Decode reads the whole answer to the message.
	Decode(r *bufio.Reader, m Message) (Answer, error)
}

// HTTP1 is HTTP/1.1.
type HTTP1 struct{}

// Encode implements Protocol. The message is checked by net/http.
func (HTTP1) Encode(t record.Target, m Message) ([]byte, error) {
	path := cmp.Or(m.Path, t.Path, "/")
	if path[0] != '/' {
		return nil, errors.New("the path does not begin with a slash")
	}
	r, err := http.NewRequest(cmp.Or(m.Method, http.MethodGet), "http://"+t.Host+path, bytes.NewReader(m.Body))
	if err != nil {
		return nil, err
	}
	if len(m.Body) == 0 {
		r.Body, r.ContentLength = nil, 0
	}
	r.Close = true // one request, one connection
	r.Header.Set("User-Agent", "kn-coldstart")
	for name, values := range m.Header {
		r.Header[name] = values
	}
	var text bytes.Buffer
	if err := r.Write(&text); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// Decode implements Protocol. Informational answers are read over.
func (HTTP1) Decode(r *bufio.Reader, m Message) (Answer, error) {
	to := &http.Request{Method: cmp.Or(m.Method, http.MethodGet)} // the answer to HEAD has no body
	answer, err := http.ReadResponse(r, to)
	for err == nil && informational(answer.StatusCode) {
		answer, err = http.ReadResponse(r, to)
	}
	if err != nil {
		return Answer{}, err
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
	}
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: body}, err
}

// informational says that the real answer is yet to come.
func informational(status int) bool {
	return status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
}
