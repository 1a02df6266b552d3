//go:build linux

package loadgen

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// TestMain lets benchmarks run the delaying server as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("LOADGEN_DELAYING_SERVER") != "" {
		if err := serveDelays(os.Stdout); err != nil {
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

// startDelayingServer starts the server that serveDelays is.
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

// serveDelays is a stand-in for the ingress that answers each request after the
// nanoseconds in its path, and says in the answer when the request arrived, by the
// kernel, and when it began to write the answer.
func serveDelays(announce io.Writer) error {
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
			if err := answerDelayed(conn.(*net.TCPConn)); err != nil {
				fmt.Fprintln(os.Stderr, "delaying server:", err)
			}
		}()
	}
}

// delayPath is the path that asks for a delay.
func delayPath(d time.Duration) string { return fmt.Sprintf("/%d", d.Nanoseconds()) }

// answerDelayed puts the arrival into the answer's mainEnteredUnixNs.
func answerDelayed(conn *net.TCPConn) error {
	request, arrived, err := readStamped(conn)
	if err != nil {
		return err
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
	if err != nil {
		return err
	}
	delay, err := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, "/"), 10, 64)
	if err != nil {
		return err
	}
	service, _, _ := strings.Cut(r.Host, ".")
	const digits = 19 // of a time in Unix nanoseconds
	body := fmt.Sprintf(`{"pod":"%s-00001-a","nonce":"n","mainEnteredUnixNs":%d,"answeredUnixNs":%0*d}`,
		service, arrived.UnixNano(), digits, 0)
	text := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	time.Sleep(time.Until(arrived.Add(time.Duration(delay))))
	// The instant goes into its place in a text that is ready, right before it is written.
	strconv.AppendInt(text[:len(text)-digits-1], time.Now().UnixNano(), 10)
	_, err = conn.Write(text)
	return err
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
	return "", time.Time{}, errors.New("the kernel gave no timestamp of a packet")
}
