//go:build linux

package loadgen

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// TestMain lets benchmarks run the delaying server as a process of its own.
func TestMain(m *testing.M) {
	if mode := os.Getenv("LOADGEN_DELAYING_SERVER"); mode != "" {
		if err := serveDelays(os.Stdout, mode); err != nil {
			fmt.Fprintln(os.Stderr, "delaying server:", err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv("LOADGEN_AWAKE") != "" {
		stayAwake()
	}
	os.Exit(m.Run())
}

// delayer is the delaying server, seen from the benchmark.
type delayer struct {
	mode, address string
	said          *bufio.Scanner
}

// startDelayingServer starts the server that serveDelays is, in one of its modes.
func startDelayingServer(b *testing.B, mode string) *delayer {
	b.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "LOADGEN_DELAYING_SERVER="+mode)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Process.Kill(); c.Wait() })
	d := &delayer{mode: mode, said: bufio.NewScanner(out)}
	d.address = d.line(b)
	return d
}

func (d *delayer) line(b *testing.B) string {
	b.Helper()
	if !d.said.Scan() {
		b.Fatal("the delaying server has ended: ", d.said.Err())
	}
	return d.said.Text()
}

// truths are how long n answers took, by service.
func (d *delayer) truths(b *testing.B, n int) map[string]time.Duration {
	b.Helper()
	all := map[string]time.Duration{}
	for range n {
		service, took, _ := strings.Cut(d.line(b), " ")
		ns, err := strconv.ParseInt(took, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		all[service] = time.Duration(ns)
	}
	return all
}

// The protocols that the delaying server speaks.
const (
	modeHTTP1 = "http1"
	modeHTTPS = "https"
	modeH2C   = "h2c"
	modeGRPC  = "grpc"
)

// serveDelays is a stand-in for the ingress that answers each request after the
// nanoseconds in its path. It announces where it listens, and then a line for each
// answer: the service, and the nanoseconds from when the request arrived, by the kernel,
// to when it began to write the answer.
func serveDelays(announce io.Writer, mode string) error {
	of := httptest.NewTLSServer(nil) // for its certificate
	of.Close()
	server := delayingServer{mode: mode, tls: &tls.Config{Certificates: of.TLS.Certificates}, announce: announce}
	stamping := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			// Accepted connections inherit it.
			syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
		})
	}}
	l, err := stamping.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(announce, l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			if err := server.answer(conn.(*net.TCPConn)); err != nil {
				fmt.Fprintln(os.Stderr, "delaying server:", err)
			}
		}()
	}
}

// delayPath is the path that asks for a delay.
func delayPath(d time.Duration) string { return fmt.Sprintf("/%d", d.Nanoseconds()) }

type delayingServer struct {
	mode     string
	tls      *tls.Config
	mu       sync.Mutex
	announce io.Writer
}

func (d *delayingServer) answer(raw *net.TCPConn) error {
	arrivals := &arrivalConn{TCPConn: raw}
	var conn net.Conn = arrivals
	if d.mode == modeHTTPS {
		conn = tls.Server(conn, d.tls)
	}
	read := readHTTP1
	if d.mode == modeH2C || d.mode == modeGRPC {
		read = readHTTP2
	}
	host, path, err := read(conn)
	if err != nil {
		return err
	}
	arrived := arrivals.arrived
	delay, err := strconv.ParseInt(strings.TrimPrefix(path, "/"), 10, 64)
	if err != nil {
		return err
	}
	text := d.text("late enough")
	time.Sleep(time.Until(arrived.Add(time.Duration(delay))))
	took := time.Since(arrived)
	if _, err = conn.Write(text); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	service, _, _ := strings.Cut(host, ".")
	_, err = fmt.Fprintln(d.announce, service, took.Nanoseconds())
	return err
}

func readHTTP1(conn net.Conn) (host, path string, err error) {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return "", "", err
	}
	return r.Host, r.URL.Path, nil
}

// text is the whole answer with a body.
func (d *delayingServer) text(body string) []byte {
	if d.mode == modeHTTP1 || d.mode == modeHTTPS {
		return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	var text bytes.Buffer
	frames := newFrameWriter(&text)
	if d.mode == modeH2C {
		frames.headers(false, ":status", "200")
		frames.WriteData(firstStream, true, []byte(body))
		return text.Bytes()
	}
	frames.headers(false, ":status", "200", "content-type", "application/grpc")
	frames.WriteData(firstStream, false, framed([]byte(body)))
	frames.headers(true, "grpc-status", "0")
	return text.Bytes()
}

// arrivalConn knows the kernel's time of the arrival of what was read last.
type arrivalConn struct {
	*net.TCPConn
	arrived time.Time
}

func (c *arrivalConn) Read(p []byte) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	control := make([]byte, 128)
	var n, oobn int
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		n, oobn, _, _, failed = syscall.Recvmsg(int(fd), p, control, 0)
		return failed != syscall.EAGAIN
	})
	if err = errors.Join(err, failed); err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, io.EOF
	}
	// The kernel begins to stamp some time after it was asked to. An arrival that is too
	// late lets the tool look worse, not better.
	c.arrived = time.Now()
	messages, err := syscall.ParseSocketControlMessage(control[:oobn])
	if err != nil {
		return 0, err
	}
	for _, m := range messages {
		if m.Header.Level == syscall.SOL_SOCKET && m.Header.Type == syscall.SO_TIMESTAMPNS {
			ts := (*syscall.Timespec)(unsafe.Pointer(&m.Data[0]))
			c.arrived = time.Unix(ts.Unix())
		}
	}
	return n, nil
}
