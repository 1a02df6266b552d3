//go:build linux

package loadgen

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// The fidelity benchmark asks how far the tool's latencies are from the truth:
//
//	go test ./loadgen -run '^$' -bench Fidelity -benchtime 5x
//
// The other side is a process of its own, so that it shares neither scheduler nor
// collector with the tool, and it delays each answer by a known time. It reports
// when a request arrived, by the kernel's timestamp of the packet, and when it
// began to write the answer. What lies between is the truth, the server's own
// lateness included; whatever the tool measured beyond that is its error. The
// error thus holds the tool's whole way to and from the wire, and the kernel's.
//
// The requests of a round are fired together, and answered over a second: so are
// cold starts, and to answer five hundred requests within one millisecond would
// measure how fast two cores can read.
const (
	shortestDelay = 100 * time.Millisecond
	delaySpread   = time.Second
)

// The bounds of the error.
const (
	medianBound = 100 * time.Microsecond
	p99Bound    = time.Millisecond
)

func TestMain(m *testing.M) {
	if os.Getenv("LOADGEN_DELAYING_SERVER") != "" {
		serveDelays(os.Stdout)
		return
	}
	os.Exit(m.Run())
}

func BenchmarkFidelity(b *testing.B) {
	for _, n := range []int{1, 100, 500} {
		b.Run(strconv.Itoa(n), func(b *testing.B) { benchmarkFidelity(b, n) })
	}
}

func benchmarkFidelity(b *testing.B, n int) {
	address := startDelayingServer(b)
	fireDelayed(b, address, n) // warms both sides
	var errs []time.Duration
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rounds := 0
	for b.Loop() {
		for range max(1, 20/n) { // one request says nothing about a p99
			errs = append(errs, fireDelayed(b, address, n)...)
			rounds++
		}
	}
	runtime.ReadMemStats(&after)
	slices.Sort(errs)
	median, p99 := errs[len(errs)/2], errs[min(len(errs)-1, len(errs)*99/100)]
	requests := uint64(rounds * n)
	b.ReportMetric(float64(median.Nanoseconds())/1e3, "p50-µs")
	b.ReportMetric(float64(p99.Nanoseconds())/1e3, "p99-µs")
	b.ReportMetric(float64((after.Mallocs-before.Mallocs)/requests), "allocs/request")
	b.ReportMetric(float64((after.TotalAlloc-before.TotalAlloc)/requests), "B/request")
	b.Logf("min %v max %v", errs[0], errs[len(errs)-1])
	if median > medianBound || p99 > p99Bound || errs[0] < 0 {
		b.Errorf("%d at once: the error is %v at least, %v in the middle, %v at p99: bounds are 0, %v and %v",
			n, errs[0], median, p99, medianBound, p99Bound)
	}
}

// fireDelayed fires n requests together and returns the errors of their latencies.
func fireDelayed(b *testing.B, address string, n int) []time.Duration {
	b.Helper()
	c := newClient(time.Minute)
	v := &volley{clock: c.Clock}
	for i := range n {
		to := targetAt(address)
		// The order of the delays is not that of the requests.
		at := (i * 263) % n
		to.Path = fmt.Sprintf("/%d", shortestDelay+delaySpread*time.Duration(at)/time.Duration(n))
		r, err := c.Prepare(to)
		if err != nil {
			b.Fatal(err)
		}
		v.requests = append(v.requests, r)
	}
	v.connect(b.Context())
	samples := make([]record.Sample, n)
	v.handle = func(i int, s record.Sample, err error) { samples[i] = s }
	v.burst(b.Context())
	errs := make([]time.Duration, n)
	for i, s := range samples {
		if s.Outcome != record.OK {
			b.Fatalf("request %d: %s %s", i, s.Outcome, s.Error)
		}
		// The server says in MainEntered when the request arrived.
		errs[i] = s.ResponseLatency - time.Duration(s.Function.Answered-s.Function.MainEntered)
	}
	b.Logf("skew sent %v wrote %v", spread(samples, func(s record.Sample) time.Duration { return s.Sent }), spread(samples, func(s record.Sample) time.Duration { return s.Wrote }))
	return errs
}

func startDelayingServer(b *testing.B) (address string) {
	b.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "LOADGEN_DELAYING_SERVER=1")
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Process.Kill(); c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// serveDelays answers each request after the nanoseconds that are its path.
func serveDelays(announce io.Writer) {
	stamping := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			// Accepted connections inherit it.
			syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
		})
	}}
	l, err := stamping.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(announce, l.Addr())
	var serving sync.WaitGroup
	for {
		conn, err := l.Accept()
		if err != nil {
			panic(err)
		}
		serving.Go(func() {
			defer conn.Close()
			answerDelayed(conn.(*net.TCPConn))
		})
	}
}

func answerDelayed(conn *net.TCPConn) {
	request, arrived, err := readStamped(conn)
	if err != nil {
		fmt.Fprintln(os.Stderr, "delaying server:", err)
		return
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
	if err != nil {
		return
	}
	delay, _ := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, "/"), 10, 64)
	const digits = 19 // of a time in Unix nanoseconds
	body := fmt.Sprintf(`{"pod":"%s-a","nonce":"n","mainEnteredUnixNs":%d,"answeredUnixNs":%0*d}`,
		revision, arrived.UnixNano(), digits, 0)
	text := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	time.Sleep(time.Until(arrived.Add(time.Duration(delay))))
	// The instant goes into its place in a text that is ready, right before it is written.
	strconv.AppendInt(text[:len(text)-digits-1], time.Now().UnixNano(), 10)
	conn.Write(text)
}

// readStamped reads a request and the kernel's time of its arrival.
func readStamped(conn *net.TCPConn) (request string, arrived time.Time, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return "", time.Time{}, err
	}
	data, control := make([]byte, 4096), make([]byte, 128)
	var n, oobn int
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		n, oobn, _, _, failed = syscall.Recvmsg(int(fd), data, control, 0)
		return failed != syscall.EAGAIN
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return "", time.Time{}, err
	}
	messages, err := syscall.ParseSocketControlMessage(control[:oobn])
	if err != nil {
		return "", time.Time{}, err
	}
	for _, m := range messages {
		if m.Header.Level == syscall.SOL_SOCKET && m.Header.Type == syscall.SO_TIMESTAMPNS {
			ts := (*syscall.Timespec)(unsafe.Pointer(&m.Data[0]))
			return string(data[:n]), time.Unix(ts.Unix()), nil
		}
	}
	return "", time.Time{}, fmt.Errorf("the kernel gave no timestamp of a packet")
}
