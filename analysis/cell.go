package analysis

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Cell is the results of one record.Key: what the samples of one RuntimeClass, or of
// one side of it, say at one number of services.
type Cell struct {
	record.Key
	Counts
	Min *stat.Point `json:"min,omitempty"`
	P50 *Percentile `json:"p50,omitempty"`
	P90 *Percentile `json:"p90,omitempty"`
	P95 *Percentile `json:"p95,omitempty"`
	P99 *Percentile `json:"p99,omitempty"`
	Max *stat.Point `json:"max,omitempty"`
	// Ratio is the median over the median of the first class at the same number of
	// services. It is nil for that class itself and where it is not known.
	Ratio    *stat.Ratio `json:"ratio,omitempty"`
	Lateness Lateness    `json:"lateness"`
	// Instances is nil where services were not fired together.
	Instances *round.Instances `json:"instances,omitempty"`
	// Availability is nil where there were no rounds. A round may be of a single
	// service.
	Availability *round.Availability `json:"availability,omitempty"`
	// Shortfalls are the rounds in which not every service was answered.
	Shortfalls []round.Shortfall `json:"shortfalls,omitempty"`
	// Phases are the steps of the cold starts that succeeded, in order.
	Phases []Phase `json:"phases,omitempty"`
	// Tracing is what it costs to trace a start, where some were traced.
	Tracing *Tracing `json:"tracing,omitempty"`
	// Spans are what Knative reported of them, where it was asked to.
	Spans []Span `json:"spans,omitempty"`
	// Answered is of the starts that were answered alone. It is nil where all were: then
	// the figures above are the same.
	Answered *Answered `json:"answeredAlone,omitempty"`
	// Latencies holds what the quantiles are made of. Starts that failed or were not made
	// rank above all others.
	Latencies *stat.Set `json:"-"`
	// Parts are the latencies of each run, in the order of the runs.
	Parts stat.Parts `json:"-"`
}

// Answered has figures of the cold starts that were answered alone, beside those in
// which a start that failed is slower than any.
type Answered struct {
	N   int        `json:"n"`
	P50 stat.Point `json:"p50"`
	P95 stat.Point `json:"p95"`
	P99 stat.Point `json:"p99"`
	Max stat.Point `json:"max"`
}

// Counts says what became of the samples of a cell.
type Counts struct {
	// Samples counts every request but the discarded ones.
	Samples   int `json:"samples"`
	Discarded int `json:"discarded"`
	// Cold, Warm and Unknown add up to Samples.
	Cold    int `json:"cold"`
	Warm    int `json:"warm"`
	Unknown int `json:"unknown"`
	// Proofs says by what the cold ones are proven, and adds up to Cold.
	Proofs map[record.Proof]int `json:"proofs,omitempty"`
	// Pulled counts the cold ones for which an image was pulled. PulledOut counts those
	// of them that are left out of the quantiles for that reason.
	Pulled    int `json:"pulled,omitempty"`
	PulledOut int `json:"pulledOut,omitempty"`
	// OK and Failed add up to Samples. Failed is by outcome and includes timeouts.
	OK     int                    `json:"ok"`
	Failed map[record.Outcome]int `json:"failed"`
	// NotMade counts the starts that were planned and for which no request was sent.
	NotMade int `json:"notMade,omitempty"`
	// Measured counts the starts in the quantiles: those that are proven cold, that
	// failed, or that were not made. Those that were answered and for which an image was
	// pulled are not among them, unless the setting is to count them. Censored counts those of them that timed out.
	Measured int `json:"measured"`
	Censored int `json:"censored"`
}

// Planned is the number of starts that were to be made.
func (c Counts) Planned() int { return c.Samples + c.NotMade }

// Failures is the number of samples whose outcome is not ok.
func (c Counts) Failures() int { return c.Samples - c.OK }

// Requested is how many requests there were to answer. In rounds, services that were
// not at zero were not fired at, so there may be fewer samples.
func (c *Cell) Requested() int {
	if c.Instances != nil {
		return c.Instances.Requested
	}
	return c.Samples
}

// Percentile is a quantile and how well it is known.
type Percentile struct {
	stat.Point
	// Interval is the two-sided interval and Upper the one-sided upper bound, both at
	// stat.Confidence. What so few samples do not give is left out.
	Interval stat.Interval `json:"interval"`
	Upper    *stat.Point   `json:"upper,omitempty"`
	// Maximum says that there are so few samples that this is the largest of them.
	Maximum bool `json:"maximum,omitempty"`
	// SamplesNeeded is how many samples it takes to have an upper bound.
	SamplesNeeded int `json:"samplesNeeded"`
}

// percentile needs a set that is not empty.
func (c *Cell) percentile(q float64) *Percentile {
	s := c.Latencies
	return &Percentile{
		Point:         s.Quantile(q),
		Interval:      c.Parts.Interval(q, stat.Confidence),
		Upper:         c.Parts.Upper(q, stat.Confidence),
		Maximum:       s.Rank(q) == s.N(),
		SamplesNeeded: stat.SamplesNeeded(q, stat.Confidence),
	}
}

// cellBuilder gathers the samples of one cell.
type cellBuilder struct {
	Counts
	run    ofRun // the one that is being read
	parts  stat.Parts
	late   []time.Duration
	phases phaseBuilder
	spans  spanBuilder
	traced []time.Duration
}

// ofRun are the latencies of one run in a cell.
type ofRun struct {
	observed, limits []time.Duration
	failed           int
}

func (b *cellBuilder) add(s *record.Sample) {
	if s.Traced {
		if tells(s) {
			b.traced = append(b.traced, s.ResponseLatency)
		}
		return
	}
	if s.Discarded {
		b.Discarded++
		return
	}
	b.Samples++
	b.late = append(b.late, s.Lateness())
	switch s.Cold {
	case record.Proven:
		b.Cold++
		b.prove(s)
	case record.Warm:
		b.Warm++
	default:
		b.Unknown++
	}
	if s.Failed() {
		b.fail(s.Outcome)
	} else {
		b.OK++
	}
	b.measure(s)
}

// prove counts by what a sample is proven to be cold, and whether an image was pulled.
func (b *cellBuilder) prove(s *record.Sample) {
	if b.Proofs == nil {
		b.Proofs = map[record.Proof]int{}
	}
	b.Proofs[s.Proof]++
	if s.Pulled {
		b.Pulled++
	}
	if s.SpoiledByPull() && !s.Failed() {
		b.PulledOut++
	}
}

func (b *cellBuilder) fail(o record.Outcome) {
	if b.Failed == nil {
		b.Failed = map[record.Outcome]int{}
	}
	b.Failed[o]++
}

func (b *cellBuilder) measure(s *record.Sample) {
	switch {
	case !Measured(s):
	case s.Censored():
		b.run.limits = append(b.run.limits, start.Limit(s))
	case s.Failed():
		b.run.failed++
	case s.Cold == record.Proven:
		b.run.observed = append(b.run.observed, s.ResponseLatency)
		b.phases.add(s)
	}
}

// endRun takes what is known at the end of the run with this number: so many starts
// were not made.
func (b *cellBuilder) endRun(number, notMade int) {
	b.NotMade += notMade
	for len(b.parts) <= number {
		b.parts = append(b.parts, nil)
	}
	b.parts[number] = stat.NewRanked(b.run.observed, b.run.limits, b.run.failed+notMade)
	b.run = ofRun{}
}

// Measured says that a sample is in the quantiles: it failed, which is slower than any
// latency, or it is proven cold, and no image was pulled for it unless the setting is to
// count such samples.
func Measured(s *record.Sample) bool {
	return !s.Discarded && (s.Failed() || s.Cold == record.Proven && !s.SpoiledByPull())
}

// IsAnswered says that a sample is a proven cold start that was answered.
func IsAnswered(s *record.Sample) bool { return Measured(s) && !s.Failed() }

// cell is what was gathered, with what the rounds of the cell say.
func (b *cellBuilder) cell(k record.Key, of round.Results) Cell {
	c := Cell{Key: k, Counts: b.Counts, Phases: b.phases.phases(), Spans: b.spans.spans(),
		Instances: of.Instances, Availability: of.Availability, Shortfalls: of.Shortfalls}
	if c.Failed == nil {
		c.Failed = map[record.Outcome]int{}
	}
	c.Parts, c.Latencies = b.parts, b.parts.Joined()
	c.Measured, c.Censored = c.Latencies.N(), c.Latencies.Censored()
	if c.Measured > 0 {
		c.percentiles()
	}
	c.Tracing = tracingOf(c.Latencies, b.traced)
	c.Lateness = cellLateness(b.late, c.P50)
	return c
}

func (c *Cell) percentiles() {
	lowest, highest := c.Latencies.Min(), c.Latencies.Max()
	c.Min, c.Max = &lowest, &highest
	c.P50, c.P90, c.P95, c.P99 = c.percentile(0.5), c.percentile(0.9), c.percentile(0.95), c.percentile(0.99)
	if alone := c.Latencies.Answered(); alone.N() > 0 && alone.N() < c.Latencies.N() {
		c.Answered = &Answered{N: alone.N(), P50: alone.Quantile(0.5), P95: alone.Quantile(0.95), P99: alone.Quantile(0.99), Max: alone.Max()}
	}
}
