//go:build linux

package loadgen

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// The scale benchmark fires at five hundred services at once, and writes each sample
// to a run file, against a stand-in for the ingress on the same host
// (`make bench-scale`).
//
// The time between the first and the last request going onto the wire is bounded
// where connections were opened beforehand; without that, it holds five hundred
// connections as well and is only shown. So is the tool's own memory bounded.
const (
	skewBound   = 20 * time.Millisecond
	memoryBound = 200 << 20
)

func BenchmarkScale(b *testing.B) {
	for _, preconnect := range []bool{true, false} {
		b.Run("burst/preconnect="+strconv.FormatBool(preconnect), func(b *testing.B) {
			benchmarkScale(b, Arrival{Pattern: Burst}, preconnect)
		})
	}
	b.Run("uniform:500", func(b *testing.B) { benchmarkScale(b, Arrival{Uniform, 500}, true) })
}

func benchmarkScale(b *testing.B, arrival Arrival, preconnect bool) {
	const n = 500
	clock := record.NewClock()
	file, err := record.Create(filepath.Join(b.TempDir(), "run.jsonl"), record.Header{})
	if err != nil {
		b.Fatal(err)
	}
	client := &Client{Clock: clock, Timeout: time.Minute}
	server := startDelayingServer(b, modeHTTP1)
	targets := delayedTargets(server, n)
	var skew, late time.Duration
	cpu := cpuTime(b)
	for b.Loop() {
		samples := fireAndRecord(b, client, targets, file, Volley{Clock: clock, Arrival: arrival, Preconnect: preconnect})
		server.truths(b, n) // else the server waits for them to be read
		first, last := samples[0].Wrote, samples[0].Wrote
		for _, s := range samples {
			first, last = min(first, s.Wrote), max(last, s.Wrote)
			if late = max(late, s.Lateness()); s.Outcome != record.OK {
				b.Fatalf("%s: %s", s.Outcome, s.Error)
			}
		}
		skew = max(skew, last-first)
	}
	perRequest := (cpuTime(b) - cpu) / time.Duration(b.N*n)
	memory := peakMemory(b)
	b.ReportMetric(0, "ns/op") // is the delays, not the tool
	b.ReportMetric(microseconds(skew)/1e3, "worst-skew-ms")
	b.ReportMetric(microseconds(late)/1e3, "worst-lateness-ms")
	b.ReportMetric(microseconds(perRequest), "cpu-µs/request")
	b.ReportMetric(float64(memory)/(1<<20), "peak-MiB")
	if preconnect && arrival.Pattern == Burst && skew > skewBound {
		b.Errorf("%d requests of a burst took %v to go onto the wire; the bound is %v", n, skew, skewBound)
	}
	if memory > memoryBound {
		b.Errorf("the tool took %d MiB; the bound is %d", memory>>20, memoryBound>>20)
	}
}

// fireAndRecord fires a volley at the targets and writes each sample down.
func fireAndRecord(b *testing.B, c *Client, targets []record.Target, file *record.Writer, v Volley) []record.Sample {
	b.Helper()
	samples := make([]record.Sample, len(targets))
	for _, t := range targets {
		r, err := c.Prepare(t)
		if err != nil {
			b.Fatal(err)
		}
		v.Requests = append(v.Requests, r)
	}
	v.Handle = func(i int, s record.Sample, err error) {
		if samples[i] = s; err != nil || file.Sample(s) != nil {
			b.Errorf("request %d: %v", i, err)
		}
	}
	v.Fire(b.Context())
	return samples
}

// cpuTime is what this process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the most physical memory that this process has held, in bytes.
func peakMemory(b *testing.B) int64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		b.Skip("the kernel does not say how much memory was held")
	}
	kib, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return kib << 10
}
