package loadgen

import (
	"net"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Bytes that wait for the reader count from their arrival, where the kernel says
// when that was.
func TestStampsAreOfTheArrival(t *testing.T) {
	const late = 100 * time.Millisecond
	connected := make(chan net.Conn, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err == nil {
			connected <- conn
		}
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := stampReader{clock: record.NewClock()}
	r.use(conn)
	if r.raw == nil {
		t.Skip("no stamps of packets on this system")
	}
	theirs := <-connected
	defer theirs.Close()
	stamped := false
	for range 10 { // the kernel begins to stamp some time after it was asked to
		theirs.Write([]byte("x"))
		written := r.clock.Now()
		time.Sleep(late)
		if _, err := r.Read(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		if stamped = r.last.get() <= written; stamped {
			break
		}
	}
	if !stamped {
		t.Errorf("last %v: the read was stamped, not the arrival", r.last.get())
	}
}
