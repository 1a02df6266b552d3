package load

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/hist"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Load is what became of the load on the service of one class, in one run.
type Load struct {
	RunID        string `json:"runId"`
	RuntimeClass string `json:"runtimeClass"`
	Variant      string `json:"variant,omitempty"`
	Service      string `json:"service"`
	Rate         string `json:"rate"`
	// Begin and End are when the load began, and when its last request had ended. End is
	// zero if the run was cut off.
	Begin time.Duration `json:"beginNs"`
	End   time.Duration `json:"endNs,omitempty"`

	Counts
	// Quantiles are those of all requests that were due.
	Quantiles
	// Settled is about the second half, when the service has had time to scale.
	Settled   Settled   `json:"settled"`
	Recovery  Recovery  `json:"recovery"`
	Waited    Waited    `json:"waited"`
	Instances Instances `json:"instances"`
	Panic     Panic     `json:"panic"`
	Use       Use       `json:"use"`
	// Lateness is how late the client sent a request, at most, and LateSeconds are the
	// seconds in which that was more than a twentieth of the limit of the recovery.
	Lateness    time.Duration `json:"latenessNs"`
	LateSeconds int           `json:"lateSeconds"`
	Seconds     []Second      `json:"seconds"`
	// Step says that the load is one step of a search for the highest rate.
	Step bool `json:"step,omitempty"`
	// Broken says why the intervals of the load cannot be believed; empty if they can.
	Broken string `json:"broken,omitempty"`

	all *hist.Histogram
}

// Key is the key of the class as a whole.
func (l *Load) Key() record.Key { return record.Key{RuntimeClass: l.RuntimeClass, Variant: l.Variant} }

// WasCutOff says that the load did not come to its end, so that what is missing would have
// counted too.
func (l *Load) WasCutOff() bool { return l.End == 0 || l.CutOff > 0 }

// Counts says what became of requests.
type Counts struct {
	// Due counts all that were to be answered: those that were answered, failed, or were
	// dropped, which is not sent because too many were under way.
	Due      int                    `json:"due"`
	Answered int                    `json:"answered"`
	Failed   map[record.Outcome]int `json:"failed,omitempty"`
	Dropped  int                    `json:"dropped,omitempty"`
	// CutOff counts those that the end of the run cut off, which are not among the others.
	CutOff int `json:"cutOff,omitempty"`
}

// Failures is the number of requests that failed or were dropped.
func (c Counts) Failures() int { return c.Due - c.Answered }

func (c *Counts) add(i *record.Interval) {
	c.Due += i.Answered + i.Failures() + i.Dropped
	c.Answered += i.Answered
	c.Dropped += i.Dropped
	c.CutOff += i.CutOff
	for outcome, n := range i.Failed {
		if c.Failed == nil {
			c.Failed = map[record.Outcome]int{}
		}
		c.Failed[outcome] += n
	}
}

// Quantiles are latencies from when requests were due. Each is a failure where so many
// failed that it falls among them.
type Quantiles struct {
	P50 stat.Point `json:"p50"`
	P95 stat.Point `json:"p95"`
	P99 stat.Point `json:"p99"`
	Max stat.Point `json:"max"`
}

// quantiles are those of the answered requests with so many that failed above them.
func quantiles(answered *hist.Histogram, failed int) Quantiles {
	at := func(q float64) stat.Point { return quantile(answered, failed, q) }
	return Quantiles{at(0.5), at(0.95), at(0.99), at(1)}
}

func quantile(answered *hist.Histogram, failed int, q float64) stat.Point {
	n := int(answered.Count())
	rank := stat.Rank(q, n+failed)
	if rank > n {
		return stat.Point{Latency: answered.Max(), Over: true, Failed: true}
	}
	latency, _ := answered.Quantile(float64(rank) / float64(n))
	return stat.Point{Latency: latency}
}

// Latencies are those of all requests that were answered. They are nil if the intervals of
// the load cannot be believed.
func (l *Load) Latencies() *hist.Histogram {
	if l.Broken != "" {
		return nil
	}
	return l.all
}

// Settled is about the requests that were due in the second half of a load.
type Settled struct {
	Counts
	Quantiles
	Lateness    time.Duration `json:"latenessNs"`
	LateSeconds int           `json:"lateSeconds"`

	latencies *hist.Histogram
}

// Quantile is a quantile of the requests. It is zero if none was due.
func (s *Settled) Quantile(q float64) stat.Point {
	if s.Due == 0 {
		return stat.Point{}
	}
	return quantile(s.latencies, s.Failures(), q)
}

// Quantile is a quantile of all requests that were due. It is zero if none was.
func (l *Load) Quantile(q float64) stat.Point {
	if l.Due == 0 {
		return stat.Point{}
	}
	return quantile(l.all, l.Failures(), q)
}

// Waited is about the requests that were sent before the instance that answered them was
// Ready.
type Waited struct {
	// Told is how many answers named their instance: of the others it is not known.
	Told     int `json:"told"`
	Requests int `json:"requests"`
	// P50 and Max are what those that waited took, from when they were due.
	P50 time.Duration `json:"p50Ns,omitempty"`
	Max time.Duration `json:"maxNs,omitempty"`
}

// Second is one second of a load, by when its requests were due.
type Second struct {
	Second int `json:"second"`
	Counts
	Quantiles
	Waited   int           `json:"waited,omitempty"`
	Lateness time.Duration `json:"latenessNs,omitempty"`
	// Scale is that at the end of the second, and Answering counts the instances that
	// answered requests of it.
	Scale
	Answering int `json:"answering"`
}
