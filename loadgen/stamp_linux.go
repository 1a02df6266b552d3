package loadgen

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// stampPackets asks the kernel to stamp the packets of a connection, and returns
// nil where it does not.
func stampPackets(conn net.Conn) syscall.RawConn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	var refused error
	err = raw.Control(func(fd uintptr) {
		refused = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
	})
	if err != nil || refused != nil {
		return nil
	}
	return raw
}

// receive reads what there is, at an instant of the run's clock, and says how long
// ago it had arrived then, zero when the kernel does not say. Both clocks are read at
// once: a process that was just woken is slow, and what it does between the two would
// count as latency, or be missing from it.
func (r *stampReader) receive(p []byte) (n int, now, age time.Duration, err error) {
	if r.raw == nil {
		n, err = r.conn.Read(p)
		return n, r.clock.Now(), 0, err
	}
	var wall time.Time
	var stamps int
	var failed error
	err = r.raw.Read(func(fd uintptr) bool {
		for {
			n, stamps, _, _, failed = syscall.Recvmsg(int(fd), p, r.control[:], 0)
			if wall = time.Now(); failed != syscall.EINTR {
				return failed != syscall.EAGAIN
			}
		}
	})
	now = r.clock.At(wall)
	switch {
	case err != nil:
		return 0, now, 0, err
	case failed != nil:
		return 0, now, 0, os.NewSyscallError("recvmsg", failed)
	case n == 0 && len(p) > 0:
		return 0, now, 0, io.EOF
	}
	return n, now, ageOf(r.control[:stamps], wall), nil
}

// ageOf reads the arrival of the last packet from a control message.
func ageOf(control []byte, now time.Time) time.Duration {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		var stamp syscall.Timespec
		if m.Header.Level == syscall.SOL_SOCKET && m.Header.Type == syscall.SO_TIMESTAMPNS && len(m.Data) >= int(unsafe.Sizeof(stamp)) {
			copy(unsafe.Slice((*byte)(unsafe.Pointer(&stamp)), unsafe.Sizeof(stamp)), m.Data)
			return time.Duration(now.UnixNano() - stamp.Nano())
		}
	}
	return 0
}
