package record

import (
	"errors"
	"time"
)

// Interval is what became of the requests of a load that were due within one second. It
// is written once all of them have ended. Latency counts from when a request was due.
type Interval struct {
	Type         Type   `json:"type"`
	RuntimeClass string `json:"runtimeClass"`
	Variant      string `json:"variant,omitempty"`
	Service      string `json:"service,omitempty"`
	// Second counts from the begin of the load, from zero, and At is when it begins.
	Second int           `json:"second"`
	At     time.Duration `json:"atNs"`

	// Sent counts the requests that were sent: those in Answered, Failed and CutOff.
	Sent int `json:"sent"`
	// Answered counts those that were answered as expected. Failed counts the others, by
	// outcome, and CutOff those that an interruption of the run ended.
	Answered int             `json:"answered"`
	Failed   map[Outcome]int `json:"failed,omitempty"`
	CutOff   int             `json:"cutOff,omitempty"`
	// Dropped counts requests that were due and not sent, because as many as the client
	// may have under way were under way.
	Dropped int `json:"dropped,omitempty"`
	// Lateness is how long after it was due a request was sent, at most.
	Lateness time.Duration `json:"latenessNs,omitempty"`
	// Latencies are those of the answered requests, in nanoseconds: an HDR histogram in
	// the compressed form of its version 2, in Base64, as a line of a .hlog has it. It is
	// empty where none was answered.
	Latencies string `json:"latencies,omitempty"`

	// Told counts the answered requests whose answer named the instance, and Instances the
	// instances that they named. Waited counts those of them that were sent before their
	// instance was Ready, and WaitedLatencies are their latencies, in the form of Latencies.
	Told            int    `json:"told,omitempty"`
	Instances       int    `json:"instances,omitempty"`
	Waited          int    `json:"waited,omitempty"`
	WaitedLatencies string `json:"waitedLatencies,omitempty"`
}

// Key is the key of the class as a whole.
func (i *Interval) Key() Key { return Key{RuntimeClass: i.RuntimeClass, Variant: i.Variant} }

// Failures counts the requests that failed, whatever the outcome.
func (i *Interval) Failures() int {
	n := 0
	for _, k := range i.Failed {
		n += k
	}
	return n
}

// The bounds of the histograms of an interval.
const (
	LowestLatency  = time.Microsecond
	HighestLatency = time.Hour
	LatencyDigits  = 3
)

// mostPerSecond bounds what a count may be, so that no sum of them overflows.
const mostPerSecond = 10_000_000

// lastSecond bounds what second an interval may be of: readers have one place for each.
const lastSecond = 31 * 24 * 3600

var errInterval = errors.New("its counts contradict one another")

// check refuses an interval that nobody can have written.
func (i *Interval) check() error {
	counts := []int{i.Answered, i.CutOff, i.Dropped, i.Sent, i.Told, i.Instances, i.Waited}
	for _, n := range i.Failed {
		counts = append(counts, n)
	}
	for _, n := range counts {
		if n < 0 || n > mostPerSecond {
			return errInterval
		}
	}
	sum := i.Answered + i.Failures() + i.CutOff
	if i.Second < 0 || i.Second > lastSecond || sum != i.Sent || i.Told > i.Answered || i.Waited > i.Told {
		return errInterval
	}
	return nil
}
