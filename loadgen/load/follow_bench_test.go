package load

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/self"
)

// The follow benchmark asks how many workers one coordinator can follow:
//
//	go test ./loadgen/load -run '^$' -bench Follow -benchtime 1x
//
// Made-up workers have counted a second of a load of so many requests each. What they say of
// it, in JSON, is read, merged, and written to a run file, as the coordinator does once in a
// second. cpu-ms/s is what that takes of a processor, and so 1000 / cpu-ms/s how many times as
// many workers one processor could follow.
func BenchmarkFollow(b *testing.B) {
	for _, workers := range []int{3, 30, 300} {
		for _, rate := range []int{100, 1000, 5000} { // of each worker
			b.Run(strconv.Itoa(workers)+"x"+strconv.Itoa(rate)+"/s", func(b *testing.B) { benchmarkFollow(b, workers, rate) })
		}
	}
}

func benchmarkFollow(b *testing.B, workers, rate int) {
	text := partOf(b, rate)
	file, err := record.Create(b.TempDir()+"/run.jsonl", record.Header{})
	if err != nil {
		b.Fatal(err)
	}
	m := NewMerger(workers)
	m.Target, m.Sink = target(), file
	m.BeginAt(0)
	cpu, second := self.CPUTime(), 0
	for b.Loop() {
		for w := range workers {
			var p Part
			if err := json.Unmarshal(text, &p); err != nil {
				b.Fatal(err)
			}
			p.Interval.Second = second
			m.Part(p)
			if err := m.Settled(w, second+1); err != nil {
				b.Fatal(err)
			}
		}
		second++
	}
	b.ReportMetric(0, "ns/op") // is a second of a load
	b.ReportMetric(float64((self.CPUTime()-cpu).Microseconds())/1000/float64(second), "cpu-ms/s")
	b.ReportMetric(float64(len(text)), "bytes/line")
	b.ReportMetric(float64(len(text)*workers)/1024, "KiB/s")
}

// partOf is what a worker says of a second with so many requests.
func partOf(b *testing.B, rate int) []byte {
	b.Helper()
	s, random := newSecond(), rand.New(rand.NewPCG(1, 1))
	for i := range rate {
		one := anyRequest(random, i+1, time.Duration(i)*time.Second/time.Duration(rate))
		s.sent++
		if one.Failed() {
			s.failed[one.Outcome]++
			continue
		}
		s.answer(&one, latencyOf(one), false)
	}
	p, err := s.part(nil)
	if err != nil {
		b.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		b.Fatal(err)
	}
	return text
}
