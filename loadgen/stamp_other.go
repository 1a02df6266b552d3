//go:build !linux

package loadgen

import (
	"net"
	"syscall"
	"time"
)

// stampPackets has no meaning here.
func stampPackets(net.Conn) syscall.RawConn { return nil }

// receive reads what there is; when it arrived is not known here.
func (r *stampReader) receive(p []byte) (n int, now, age time.Duration, err error) {
	n, err = r.conn.Read(p)
	return n, r.clock.Now(), 0, err
}
