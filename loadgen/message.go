package loadgen

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Message is how a request looks. The zero value is a GET of the target's path at the
// target's host.
type Message struct {
	// Method is GET if it is empty, Path the target's, Host the target's.
	Method, Path, Host string
	Header             http.Header
	Body               []byte
	// KeepAlive asks for the connection to stay open after the answer.
	KeepAlive bool
}

func (m Message) method() string { return cmp.Or(m.Method, http.MethodGet) }

func (m Message) host(t record.Target) string { return cmp.Or(m.Host, t.Host) }

// path is what to ask for, with a query if it has one.
func (m Message) path(t record.Target) (string, error) {
	path := cmp.Or(m.Path, t.Path, "/")
	if path[0] != '/' {
		return "", errors.New("the path does not begin with a slash")
	}
	return path, nil
}

// userAgent is what the tool calls itself.
const userAgent = "kn-coldstart"

// Answer is a whole answer.
type Answer struct {
	Status int
	Header http.Header
	// Body is the beginning of the body, up to 64 KiB, and BodyBytes its whole size.
	Body      []byte
	BodyBytes int64
	// GRPC is the status of a call by gRPC, nil by another protocol.
	GRPC *GRPCStatus
	// Last says that the server takes no further request on the connection.
	Last bool
}

// Protocol is how messages and answers look on the wire. One request at a time is on a
// connection, so a protocol deals with one message and one answer.
type Protocol interface {
	// Prepare makes a message for a target ready to be sent. It is called before the
	// request's time has come.
	Prepare(t record.Target, m Message) (Exchange, error)
	// ALPN is the name of the protocol in a TLS handshake.
	ALPN() string
}

// Exchange is one message that is ready to be sent, again and again if its connection
// is kept.
type Exchange interface {
	// Do sends the message and reads the whole answer. It notes on the wire when the
	// message was written and when the answer began. The wire's deadline bounds it.
	Do(ctx context.Context, w *Wire) (Answer, error)
}

// readBody reads a whole body, and keeps its beginning.
func readBody(body io.Reader) (kept []byte, size int64, err error) {
	kept, err = io.ReadAll(io.LimitReader(body, maxBody))
	if err != nil {
		return kept, int64(len(kept)), err
	}
	rest, err := io.Copy(io.Discard, body)
	return kept, int64(len(kept)) + rest, err
}
