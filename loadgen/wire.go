package loadgen

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"golang.org/x/net/http2"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Wire is the connection of one request at a time. What a protocol reads from it is stamped as
// the packets arrive.
//
//	protocol ── (TLS) ── stamps ── TCP
type Wire struct {
	// Conn is what the message goes over: the TLS connection where there is one.
	net.Conn
	stamps stampReader
	// wrote is when the whole message was written, and first when the first byte of the
	// answer arrived, which may come before the call that wrote has returned.
	wrote, first instant
	// http2 is the connection of HTTP/2 over it, once there is one.
	//
	//lint:ignore SA1019 net/http dials by itself, and this connection is open and has been timed
	http2 *http2.ClientConn
}

func newWire(clock record.Clock, conn net.Conn) *Wire {
	w := &Wire{}
	w.stamps.clock = clock
	w.stamps.use(conn)
	w.Conn = stampedConn{conn, &w.stamps}
	return w
}

// secure makes a TLS connection of it, and returns how long the handshake took.
func (w *Wire) secure(ctx context.Context, config *tls.Config) (time.Duration, error) {
	began := w.stamps.clock.Now()
	secured := tls.Client(w.Conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return 0, err
	}
	w.Conn = secured
	return w.stamps.clock.Now() - began, nil
}

// begin forgets the exchange before, on a wire that was kept.
func (w *Wire) begin() {
	w.wrote.set(0)
	w.first.set(0)
}

// Wrote notes that the whole message is written.
func (w *Wire) Wrote() { w.wrote.set(w.stamps.clock.Now()) }

// Answered notes that the answer has begun with what was read last.
func (w *Wire) Answered() { w.first.set(w.stamps.last.get()) }

// stampedConn is a connection whose reads are stamped.
type stampedConn struct {
	net.Conn
	stamps *stampReader
}

func (c stampedConn) Read(p []byte) (int, error) { return c.stamps.Read(p) }

// answerReader reads the answer of a protocol in which the first bytes that come are
// those of the answer.
type answerReader struct{ *Wire }

func (r answerReader) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	if n > 0 && r.first.get() == 0 {
		r.Answered()
	}
	return n, err
}
