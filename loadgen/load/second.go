package load

import (
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// second is what became of the requests that were due within one second.
type second struct {
	number                       int // since the begin of the load
	sent, answered, cut, dropped int
	failed                       map[record.Outcome]int
	// seenFailing counts those that failed, from a moment before they are in failed on.
	seenFailing int
	lateness    time.Duration
	latencies   *hdrhistogram.PackedHistogram
	// told counts the answers that named their instance, and pods has those instances.
	told   int
	pods   map[string]bool
	waited *hdrhistogram.PackedHistogram
	// waits are the answers of instances that were not known to have been Ready.
	waits []wait
	// slowest are the slowest answered requests, the quickest of them first.
	slowest []record.Sample
}

// wait is a request that an instance has answered which, as far as was known by then, was not
// Ready when the request was sent.
type wait struct {
	pod           string
	sent, latency time.Duration
}

// newHistogram keeps only the values that it has, so that many of them are cheap.
func newHistogram() *hdrhistogram.PackedHistogram {
	return hdrhistogram.NewPacked(int64(record.LowestLatency), int64(record.HighestLatency), record.LatencyDigits)
}

func newSecond() *second {
	return &second{failed: map[record.Outcome]int{}, latencies: newHistogram(), pods: map[string]bool{}, waited: newHistogram()}
}

// failures counts those of all outcomes.
func (s *second) failures() int {
	n := 0
	for _, k := range s.failed {
		n += k
	}
	return n
}

// open counts the requests that have not ended.
func (s *second) open() int { return s.sent - s.answered - s.cut - s.failures() }

// answer counts a request that was answered.
func (s *second) answer(of *record.Sample, latency time.Duration, waited bool) {
	s.answered++
	add(s.latencies, latency)
	if of.Instance != nil {
		s.told++
		s.pods[of.Instance.Pod] = true
	}
	if waited {
		s.waits = append(s.waits, wait{of.Instance.Pod, of.Sent, latency})
	}
	s.keep(of, latency)
}

// judgeWaits counts the requests that waited. That an instance is Ready may have come to be
// known after its first answers.
func (s *second) judgeWaits(wasReady func(pod string, at time.Duration) bool) {
	for _, w := range s.waits {
		if !wasReady(w.pod, w.sent) {
			add(s.waited, w.latency)
		}
	}
	s.waits = nil
}

// keep keeps the sample if it is one of the slowest.
func (s *second) keep(of *record.Sample, latency time.Duration) {
	if len(s.slowest) == mostSlowest && latency <= latencyOf(s.slowest[0]) {
		return
	}
	at, _ := slices.BinarySearchFunc(s.slowest, latency, func(a record.Sample, l time.Duration) int { return int(latencyOf(a) - l) })
	s.slowest = slices.Insert(s.slowest, at, *of)
	if len(s.slowest) > mostSlowest {
		s.slowest = slices.Delete(s.slowest, 0, 1)
	}
}

// latencyOf counts from when the request was due.
func latencyOf(s record.Sample) time.Duration { return s.Done - s.Intended }

// add adds a latency within the histogram's bounds, which cannot fail. No request takes
// longer than they allow, because its client has given up before.
func add(h *hdrhistogram.PackedHistogram, latency time.Duration) {
	_ = h.RecordValue(int64(min(max(latency, record.LowestLatency), record.HighestLatency)))
}

// interval is the second as it is written down.
func (s *second) interval() (record.Interval, error) {
	i := record.Interval{
		Second: s.number, Sent: s.sent, Answered: s.answered, Failed: s.failed, CutOff: s.cut, Dropped: s.dropped, Lateness: s.lateness,
		Told: s.told, Instances: len(s.pods), Waited: int(s.waited.TotalCount()),
	}
	var err error
	if i.Latencies, err = encoded(s.latencies); err != nil {
		return i, err
	}
	i.WaitedLatencies, err = encoded(s.waited)
	return i, err
}

func encoded(h *hdrhistogram.PackedHistogram) (string, error) {
	if h.TotalCount() == 0 {
		return "", nil
	}
	text, err := h.EncodeV2()
	return string(text), err
}
