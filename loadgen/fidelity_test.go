//go:build linux

package loadgen

import (
	"crypto/tls"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

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

func BenchmarkFidelity(b *testing.B) {
	for _, mode := range []string{modeHTTP1, modeHTTPS, modeH2C, modeGRPC} {
		for _, n := range []int{1, 100, 500} {
			b.Run(mode+"/"+strconv.Itoa(n), func(b *testing.B) { benchmarkFidelity(b, mode, n) })
		}
	}
}

func benchmarkFidelity(b *testing.B, mode string, n int) {
	server := startDelayingServer(b, mode)
	keepAwake(b)
	fireDelayed(b, server, n) // warms both sides
	var errs []time.Duration
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu := cpuTime(b)
	for b.Loop() {
		for range max(1, 20/n) { // one request says nothing about a p99
			errs = append(errs, fireDelayed(b, server, n)...)
		}
	}
	cpu = cpuTime(b) - cpu
	runtime.ReadMemStats(&after)
	requests := float64(len(errs))
	slices.Sort(errs)
	least, median, p99 := errs[0], errs[len(errs)/2], errs[len(errs)*99/100]
	b.ReportMetric(0, "ns/op") // is the delays, not the tool
	b.ReportMetric(microseconds(median), "median-error-µs")
	b.ReportMetric(microseconds(p99), "p99-error-µs")
	b.ReportMetric(microseconds(cpu)/requests, "cpu-µs/request")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/requests, "allocs/request")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/requests, "B/request")
	if least < 0 || median > medianBound || p99 > p99Bound {
		b.Errorf("%d requests at once: the error of the latency is %v at least, %v at the median and %v at p99; "+
			"it must not be negative, nor over %v at the median and %v at p99", n, least, median, p99, medianBound, p99Bound)
	}
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// fireDelayed fires n requests together and returns the errors of their latencies.
func fireDelayed(b *testing.B, server *delayer, n int) []time.Duration {
	b.Helper()
	c := newClient(time.Minute)
	server.ask(c)
	samples := make([]record.Sample, n)
	v := &Volley{Clock: c.Clock, Arrival: Arrival{Pattern: Burst}, Preconnect: true, Handle: func(i int, s record.Sample, _ error) { samples[i] = s }}
	for _, to := range delayedTargets(server, n) {
		r, err := c.Prepare(to)
		if err != nil {
			b.Fatal(err)
		}
		v.Requests = append(v.Requests, r)
	}
	v.Fire(b.Context())
	errs, truths := make([]time.Duration, n), server.truths(b, n)
	for i, s := range samples {
		if s.Outcome != record.OK {
			b.Fatalf("request %d: %s %s", i, s.Outcome, s.Error)
		}
		errs[i] = s.ResponseLatency - truths[s.Service]
	}
	return errs
}

// ask makes requests of the client fit the server's mode.
func (d *delayer) ask(c *Client) {
	switch d.mode {
	case modeHTTPS:
		c.TLS = &tls.Config{InsecureSkipVerify: true}
	case modeH2C:
		c.Protocol = HTTP2{}
	case modeGRPC:
		c.Protocol = GRPC{}
	}
}

// numbered are n services of one class.
func numbered(n int) []record.Target {
	all := make([]record.Target, n)
	for i := range all {
		service := fmt.Sprintf("runc-%d", i)
		all[i] = record.Target{RuntimeClass: "runc", Namespace: "bench", Service: service, Revision: service + "-00001", Host: service + ".bench.example.com"}
	}
	return all
}

// delayedTargets are n services whose answers take their turns over delaySpread, in
// an order that is not that of the requests.
func delayedTargets(server *delayer, n int) []record.Target {
	all := numbered(n)
	for i := range all {
		all[i].Address = server.address
		if server.mode == modeHTTPS {
			all[i].Scheme = record.HTTPS
		}
		all[i].Path = delayPath(shortestDelay + delaySpread*time.Duration(i*263%n)/time.Duration(n))
	}
	return all
}
