// Package runtest makes run files for tests: samples whose latencies are known
// or drawn from a distribution with a seed.
package runtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Timeout is the client timeout of every sample, unless changed.
const Timeout = 100 * time.Second

// Builder makes a run, sample by sample.
type Builder struct {
	run *record.Run
	now time.Duration
}

// New starts a run of the classes.
func New(id string, classes ...string) *Builder {
	h := record.Header{
		Type: record.TypeRun, Schema: record.SchemaVersion, RunID: id,
		Tool: record.Tool{Version: "v0.0.0-test"}, Command: "single", Seed: 1,
		Settings: record.Settings{Iterations: 30, Other: map[string]any{"clientTimeout": "100s"}},
		Started:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Cluster:  record.Fingerprint{Kubernetes: "v1.35.0", Knative: "v0.50.0", Kernel: "6.1.0", CPUModel: "Test CPU", CPUs: 2},
	}
	for _, name := range classes {
		h.Classes = append(h.Classes, record.Class{Name: name, Image: "example.test/coldfn", ImageDigest: "sha256:0"})
	}
	return &Builder{run: &record.Run{Header: h}}
}

// Add appends a proven cold start that took the latency; changes may make it
// something else.
func (b *Builder) Add(class string, services int, latency time.Duration, changes ...func(*record.Sample)) *Builder {
	n := len(b.run.Samples)
	b.now += time.Second
	s := record.Sample{
		Type: record.TypeSample, RuntimeClass: class, Services: services, Block: n,
		Service: fmt.Sprintf("%s-%d", class, n), Namespace: "bench",
		Intended: b.now, Sent: b.now + 200*time.Microsecond,
		ResponseLatency: latency, ClientTimeout: Timeout,
		Outcome: record.OK, Status: 200, Cold: record.Proven, Proof: record.ProofAnswer, ColdReason: "no pod before, new pod answered",
		Instance: &record.Instance{Pod: fmt.Sprintf("%s-pod-%d", class, n), UID: fmt.Sprintf("%s-uid-%d", class, n)},
	}
	s.Done = s.Sent + latency
	s.TTFB = latency - latency/100
	s.Connected, s.Wrote, s.FirstByte = s.Sent+1e6, s.Sent+2e6, s.Sent+s.TTFB
	b.now = s.Done
	for _, change := range changes {
		change(&s)
	}
	b.run.Samples = append(b.run.Samples, s)
	return b
}

// Draw appends n samples of the class, one service each.
func (b *Builder) Draw(class string, n int, draw func() time.Duration) *Builder {
	for range n {
		b.Add(class, 1, draw())
	}
	return b
}

// Run ends the run and returns it.
func (b *Builder) Run() *record.Run {
	b.run.End = &record.End{Type: record.TypeEnd, At: b.now, Reason: record.EndCompleted, Samples: len(b.run.Samples), Intervals: len(b.run.Intervals), Deployments: len(b.run.Deployments), Works: len(b.run.Works)}
	return b.run
}

// TimedOut makes a sample that was never answered.
func TimedOut(s *record.Sample) {
	Failed(record.Timeout)(s)
	s.ResponseLatency = s.ClientTimeout + time.Millisecond
	s.Done = s.Sent + s.ResponseLatency
}

// Failed makes a sample with the outcome, answered by nothing.
func Failed(o record.Outcome) func(*record.Sample) {
	return func(s *record.Sample) {
		s.Outcome, s.Status, s.Error = o, 0, string(o)
		s.Instance, s.Proof, s.FirstByte, s.TTFB = nil, record.ProofExclusion, 0, 0
	}
}

// Discarded makes a sample of the first round.
func Discarded(s *record.Sample) { s.Discarded = true }

// Coldness makes a sample that is proven, warm or unknown.
func Coldness(c record.Coldness) func(*record.Sample) {
	return func(s *record.Sample) { s.Cold, s.ColdReason = c, "test" }
}

// Late makes a sample that was sent this much after its time.
func Late(by time.Duration) func(*record.Sample) {
	return func(s *record.Sample) { s.Intended = s.Sent - by }
}

// Phases gives a sample its phases up to Ready, at these shares of the latency.
func Phases(s *record.Sample) {
	at := func(name record.PhaseName, share float64, clock string, resolution time.Duration) {
		s.Phases = append(s.Phases, record.Phase{Name: name, Clock: clock, Resolution: resolution,
			At: s.Sent + time.Duration(share*float64(s.ResponseLatency))})
	}
	at(record.PhaseScaled, 0.05, record.ClockWatch, time.Millisecond)
	at(record.PhasePodCreated, 0.1, record.ClockWatch, time.Millisecond)
	at(record.PhasePodScheduled, 0.12, record.ClockWatch, time.Millisecond)
	at(record.PhaseContainersStarted, 0.6, record.ClockAPI, time.Second)
	at(record.PhaseReady, 0.9, record.ClockWatch, time.Millisecond)
}

// LogNormal draws latencies with the median and the sigma of their logarithm.
func LogNormal(seed uint64, median time.Duration, sigma float64) func() time.Duration {
	rng := rand.New(rand.NewPCG(seed, 1))
	return func() time.Duration {
		return time.Duration(float64(median) * math.Exp(sigma*rng.NormFloat64()))
	}
}
