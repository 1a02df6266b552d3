package loadgen

import (
	"net"
	"syscall"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// stampReader notes when the bytes that it reads arrived.
//
// Where the kernel says when a packet arrived, that instant counts, and not when
// this process got round to reading it: on a machine that is busy starting
// instances the two are far apart, and the difference is the tool's own lateness,
// no part of any latency. What is done with the bytes afterwards, parsing them
// for one, is no part of it either.
type stampReader struct {
	clock record.Clock
	conn  net.Conn
	// first and last are the arrivals of the first and the latest bytes.
	first, last time.Duration
	// raw is set where the kernel stamps packets.
	raw     syscall.RawConn
	control [64]byte
}

// use reads from a connection from here on.
func (r *stampReader) use(conn net.Conn) {
	r.conn, r.raw = conn, stampPackets(conn)
}

func (r *stampReader) Read(p []byte) (int, error) {
	n, now, age, err := r.receive(p)
	before := r.last
	// The age is of the wall clock, which may have been set in between: one that
	// cannot be is not believed.
	if r.last = now - age; age < 0 || r.last < before {
		r.last = now
	}
	if n > 0 && r.first == 0 {
		r.first = r.last
	}
	return n, err
}
