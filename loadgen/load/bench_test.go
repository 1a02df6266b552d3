//go:build linux

package load

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/loadgen/self"
)

// The load benchmark asks how far the latencies of a load are from the truth, and what the
// tool takes of a processor:
//
//	go test ./loadgen/load -run '^$' -bench Load -benchtime 1x
//
// The server is a process of its own, so that it shares neither scheduler nor collector
// with the tool. It holds each request for a while and tells in its answer for how long
// it did. Whatever the tool measured beyond that, from when the request was due, is its
// error: how late it sent the request, the way of both packets, and how late either side
// was woken. It cannot be negative. Where processors are short, the server is late, too,
// and requests of which more than may be are under way are dropped: answered-% says so.
func BenchmarkLoad(b *testing.B) {
	for _, rate := range []int{100, 1000, 5000} {
		b.Run(strconv.Itoa(rate), func(b *testing.B) { benchmarkLoad(b, rate) })
	}
}

// clocksAgree is how far the clocks may be apart that a latency and the server's time are
// measured by.
const clocksAgree = 100 * time.Microsecond

// benchLength is how long each load lasts.
const benchLength = 10 * time.Second

func benchmarkLoad(b *testing.B, rate int) {
	address := startHoldingServer(b)
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command has it
	for b.Loop() {
		var mu sync.Mutex
		var errs, late []time.Duration
		path := b.TempDir() + "/run.jsonl"
		l := benchLoop(b, address, path, rate)
		l.Tally.Each = func(s *record.Sample) {
			mu.Lock()
			defer mu.Unlock()
			if s.Failed() {
				return
			}
			errs = append(errs, latencyOf(*s)-time.Duration(s.Function.Answered-s.Function.Listening))
			late = append(late, s.Lateness())
		}
		cpu := self.CPUTime()
		if err := l.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
		cpu = self.CPUTime() - cpu
		if len(errs) == 0 {
			b.Fatal("no request was answered")
		}
		b.ReportMetric(0, "ns/op") // is the length of the load
		if file, err := os.Stat(path); err != nil {
			b.Error(err)
		} else {
			b.ReportMetric(float64(file.Size())/(1<<20)*float64(10*time.Minute/benchLength), "MiB/10min")
		}
		b.ReportMetric(100*float64(len(errs))/float64(rate)/benchLength.Seconds(), "answered-%")
		reportQuantiles(b, "error", errs)
		reportQuantiles(b, "lateness", late)
		if errs[0] < -clocksAgree {
			b.Errorf("a latency is %v less than the server held its request", -errs[0])
		}
		b.ReportMetric(float64(cpu.Microseconds())/float64(len(errs)), "cpu-µs/request")
		b.ReportMetric(100*cpu.Seconds()/benchLength.Seconds()*1000/float64(rate), "core-%/1000/s")
	}
}

func reportQuantiles(b *testing.B, name string, all []time.Duration) {
	slices.Sort(all)
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(all[len(all)*p/100].Nanoseconds())/1e3, fmt.Sprintf("p%d-%s-µs", p, name))
	}
}

func benchLoop(b *testing.B, address, path string, rate int) *Loop {
	s, err := Parse(fmt.Sprintf("%d/s", rate), 0)
	if err != nil {
		b.Fatal(err)
	}
	file, err := record.Create(path, record.Header{})
	if err != nil {
		b.Fatal(err)
	}
	to := target()
	to.Address = address
	return &Loop{
		Client: &loadgen.Client{Clock: record.NewClock(), Timeout: time.Minute}, Target: to,
		Pacer: s.Pacer(benchLength, 1), Length: benchLength, InFlight: DefaultInFlight, Precise: true, Tally: &Tally{Target: to, Sink: file},
	}
}

// TestMain lets benchmarks run the holding server as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("LOAD_HOLDING_SERVER") != "" {
		fmt.Fprintln(os.Stderr, "holding server:", serveHolding(os.Stdout))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func startHoldingServer(b *testing.B) (address string) {
	b.Helper()
	c := exec.Command(os.Args[0])
	c.Env, c.Stderr = append(os.Environ(), "LOAD_HOLDING_SERVER=1"), os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Process.Kill(); c.Wait() })
	said := bufio.NewScanner(out)
	if !said.Scan() {
		b.Fatal("the holding server has ended")
	}
	return said.Text()
}

// serveHolding is a stand-in for the ingress that holds each request for 5 to 25 ms, and
// tells in its answer when the request had arrived, and when it wrote the answer. It
// announces where it listens.
func serveHolding(announce io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(announce, l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go hold(conn)
	}
}

func hold(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for n := int64(1); ; n++ {
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		arrived := time.Now()
		time.Sleep(5*time.Millisecond + rand.N(20*time.Millisecond))
		answered := arrived.Add(time.Since(arrived))
		body := fmt.Sprintf(`{"pod":"h-1-00001-deployment-a","nonce":"n","requests":%d,"listeningUnixNs":%d,"answeredUnixNs":%d}`, n, arrived.UnixNano(), answered.UnixNano())
		if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
			return
		}
	}
}
