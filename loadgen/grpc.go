package loadgen

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// GRPC is a call by gRPC, with one message to the server. The path of the Message is
// /PACKAGE.SERVICE/METHOD, and its body the message in its binary form, such as that of
// protocol buffers.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
type GRPC struct {
	// Stream says that the server answers with a stream of messages, of which the first
	// one is the answer.
	Stream bool
}

// GRPCHealth is the path of gRPC's standard health check. Its message may be empty.
const GRPCHealth = "/grpc.health.v1.Health/Check"

// GRPCStatus is how a call ended.
type GRPCStatus struct {
	Code    int
	Message string
}

// grpcUnknown is the code of a call that ended without one.
const grpcUnknown = 2

// ALPN implements Protocol.
func (GRPC) ALPN() string { return HTTP2{}.ALPN() }

// Prepare implements Protocol.
func (g GRPC) Prepare(t record.Target, m Message) (Exchange, error) {
	m.Method, m.Body = http.MethodPost, framed(m.Body)
	r, err := http2Request(t, m)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("Te", "trailers")
	return &grpcExchange{r, g.Stream}, nil
}

// frameHeader is the length of what stands before each message: whether it is
// compressed, and its size.
const frameHeader = 5

func framed(message []byte) []byte {
	frame := make([]byte, frameHeader, frameHeader+len(message))
	binary.BigEndian.PutUint32(frame[1:], uint32(len(message)))
	return append(frame, message...)
}

type grpcExchange struct {
	request *http.Request
	stream  bool
}

// Do implements Exchange.
func (e *grpcExchange) Do(ctx context.Context, w *Wire) (Answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends a stream after its first message
	answer, err := roundTrip(ctx, w, e.request)
	if err != nil {
		return Answer{}, err
	}
	defer answer.Body.Close()
	a := Answer{Status: answer.StatusCode, Header: answer.Header, Last: !w.http2.CanTakeNewRequest()}
	if e.stream && answer.Header.Get("Grpc-Status") == "" {
		a.Body, a.BodyBytes, err = firstMessage(answer.Body)
		if err == nil {
			a.GRPC = &GRPCStatus{}
			return a, nil
		}
		if !errors.Is(err, io.EOF) {
			return a, err
		}
	} else if a.Body, a.BodyBytes, err = readBody(answer.Body); err != nil {
		return a, err
	}
	a.GRPC = grpcStatus(answer)
	return a, nil
}

// firstMessage reads one message. It is io.EOF if the stream ends without one.
func firstMessage(r io.Reader) (kept []byte, size int64, err error) {
	var header [frameHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, 0, err
	}
	length := int64(binary.BigEndian.Uint32(header[1:]))
	kept, size, err = readBody(io.LimitReader(r, length))
	if err == nil && size < length {
		err = io.ErrUnexpectedEOF
	}
	return append(header[:], kept...), frameHeader + size, err
}

// grpcStatus reads the status from the trailer, or from the header of an answer that
// has nothing else.
func grpcStatus(answer *http.Response) *GRPCStatus {
	from := answer.Trailer
	if answer.Header.Get("Grpc-Status") != "" {
		from = answer.Header
	}
	code, err := strconv.Atoi(from.Get("Grpc-Status"))
	if err != nil {
		return &GRPCStatus{grpcUnknown, fmt.Sprintf("the answer with HTTP status %d has no gRPC status", answer.StatusCode)}
	}
	message := from.Get("Grpc-Message")
	if plain, err := url.PathUnescape(message); err == nil {
		message = plain
	}
	return &GRPCStatus{code, message}
}
