package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/loadgen/load"
	"github.com/kn-coldstart/kn-coldstart/loadgen/self"
)

// The follow benchmark asks how many workers one coordinator can follow (`make bench-workers`).
//
// Made-up workers send no request. They tell of each second of a load what one that sends so
// many requests a second would, over HTTP on loopback, as fast as it is read. A team reads it,
// merges it, and writes a run file. cpu-ms/s is what a second of the load takes of a processor,
// with what the made-up workers take to write it; so one processor follows 1000 / cpu-ms/s times
// as many workers. The API server, through which it all goes, is not there.
func BenchmarkFollow(b *testing.B) {
	for _, workers := range []int{3, 30, 300} {
		for _, rate := range []int{100, 1000, 5000} { // of each worker
			b.Run(fmt.Sprintf("%dx%d/s", workers, rate), func(b *testing.B) { benchmarkFollow(b, workers, rate) })
		}
	}
}

// followed is how many seconds a load has.
const followed = 20

func benchmarkFollow(b *testing.B, workers, rate int) {
	m := &madeUp{lines: linesOf(b, rate)}
	server := everywhere(b, m)
	clock := record.NewClock()
	team := New(b.Context(), clock, func(record.Event) {}, loopback, func(context.Context, string) string { return "" })
	var all []record.Worker
	for i := range workers { // each has an address of its own, and so connections of its own
		all = append(all, record.Worker{Name: fmt.Sprintf("127.0.%d.%d:%s", i/250, 1+i%250, port(server)), Token: "t"})
	}
	if err := team.Join(b.Context(), all); err != nil {
		b.Fatal(err)
	}
	file, err := record.Create(b.TempDir()+"/run.jsonl", record.Header{})
	if err != nil {
		b.Fatal(err)
	}
	schedule, err := load.Parse(strconv.Itoa(rate)+"/s", 0)
	if err != nil {
		b.Fatal(err)
	}
	cpu, told := self.CPUTime(), 0
	for b.Loop() {
		_, err := team.Load(b.Context(), &Load{
			Client: &loadgen.Spec{}, Target: targetsAt("", 1)[0], Schedule: schedule, Length: followed * time.Second, Sink: file,
			InFlight: 1, Told: func(record.Interval) { told++ }, Each: func(*record.Sample) {},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if told == 0 || told%followed != 0 {
		b.Fatalf("%d seconds were written", told)
	}
	b.ReportMetric(0, "ns/op") // is the pause before the start
	b.ReportMetric(float64((self.CPUTime()-cpu).Microseconds())/1000/float64(told), "cpu-ms/s")
	b.ReportMetric(float64(len(m.lines))/followed, "bytes/worker/s")
	b.ReportMetric(float64(len(m.lines)*workers)/followed/1024, "KiB/s")
}

// everywhere serves at every address of loopback.
func everywhere(b *testing.B, h http.Handler) *httptest.Server {
	b.Helper()
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	server.Listener.Close()
	server.Listener = l
	server.Start()
	b.Cleanup(server.Close)
	return server
}

func port(s *httptest.Server) string {
	_, p, _ := net.SplitHostPort(s.Listener.Addr().String())
	return p
}

// madeUp answers as any number of workers.
type madeUp struct {
	lines   []byte
	waiting sync.Map // by the address of the worker
}

func (m *madeUp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun, _ := m.waiting.LoadOrStore(r.Host, make(chan struct{}, 1))
	switch r.URL.Path {
	case pathClock:
		answer(w, clockAnswer{Language: language})
	case pathStart:
		begun.(chan struct{}) <- struct{}{}
	case pathOrder:
		_, _ = io.Copy(io.Discard, r.Body)
	case pathLines:
		out := newOutput(w)
		_ = out.write(line{Ready: true})
		<-begun.(chan struct{})
		_, _ = w.Write(m.lines)
		_ = out.write(line{End: &end{}})
	}
}

// linesOf is what a worker says of a load of so many requests a second.
func linesOf(b *testing.B, rate int) []byte {
	b.Helper()
	var text []byte
	for second := range followed {
		for _, l := range []line{{Part: partOf(b, second, rate)}, {Settled: second + 1}} {
			one, err := json.Marshal(l)
			if err != nil {
				b.Fatal(err)
			}
			text = append(append(text, one...), '\n')
		}
	}
	return text
}

// partOf is what a worker says of a second: latencies about 50 ms, twenty instances.
func partOf(b *testing.B, second, rate int) *load.Part {
	b.Helper()
	random := rand.New(rand.NewPCG(uint64(second), 1))
	h := hdrhistogram.NewPacked(int64(record.LowestLatency), int64(record.HighestLatency), record.LatencyDigits)
	for range rate {
		if err := h.RecordValue(int64(float64(50*time.Millisecond) * math.Exp(random.NormFloat64()))); err != nil {
			b.Fatal(err)
		}
	}
	latencies, err := h.EncodeV2()
	if err != nil {
		b.Fatal(err)
	}
	p := &load.Part{Interval: record.Interval{Second: second, Sent: rate, Answered: rate, Told: rate, Latencies: string(latencies)}}
	for i := range 20 {
		p.Pods = append(p.Pods, fmt.Sprintf("cs-runc-0-a1b2c3-0-00001-deployment-%d", i))
	}
	for i := range 5 {
		p.Slowest = append(p.Slowest, record.Sample{
			RuntimeClass: "runc", Service: "cs-runc-0-a1b2c3-0", Namespace: "bench", Intended: 1e9, Sent: 1e9, Done: 2e9, ResponseLatency: 1e9, TTFB: 1e9,
			ClientTimeout: 3e10, Outcome: record.OK, Status: 200, Discarded: true, Cold: record.Unknown, ColdReason: record.NotExamined,
			Instance: &record.Instance{Pod: p.Pods[i]}, Function: &record.Function{Pod: p.Pods[i], Nonce: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", Requests: 1},
		})
	}
	return p
}
