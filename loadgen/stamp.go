package loadgen

import (
	"net"
	"sync/atomic"
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
	// last is the arrival of the latest bytes. A protocol may read in one goroutine and
	// look at it in another.
	last instant
	// raw is set where the kernel stamps packets.
	raw     syscall.RawConn
	control [64]byte
}

// instant is one on the run's clock that several goroutines may use.
type instant struct{ ns atomic.Int64 }

func (i *instant) set(at time.Duration) { i.ns.Store(int64(at)) }

func (i *instant) get() time.Duration { return time.Duration(i.ns.Load()) }

// use reads from a connection from here on.
func (r *stampReader) use(conn net.Conn) {
	r.conn, r.raw = conn, stampPackets(conn)
}

func (r *stampReader) Read(p []byte) (int, error) {
	n, now, age, err := r.receive(p)
	// The age is of the wall clock, which may have been set in between: one that
	// cannot be is not believed.
	at := now - age
	if age < 0 || at < r.last.get() {
		at = now
	}
	r.last.set(at)
	return n, err
}
