package runtest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// MiB is a unit of memory.
const MiB = 1 << 20

// ScaleClass is how the instances of a class behave in a made-up scale run.
type ScaleClass struct {
	Name string
	// Group is the bytes of an instance's pod, Outside what it takes beside that.
	Group, Outside int64
	// Start is from creation to Ready, Gap from Ready to the answer; instance i
	// has Gap + i * Spread.
	Start, Gap, Spread time.Duration
}

// Scale is a made-up scale run: the classes take turns at each number of services,
// the instances are created one after the other, come up to their memory in a
// straight line, stay for a while, and go.
type Scale struct {
	Classes  []ScaleClass
	Services []int
	Blocks   int
	// Every is the time between two creations.
	Every time.Duration
	// Noise is the sigma of the node's memory, Drift what it grows from round to
	// round.
	Noise, Drift float64
	Seed         uint64

	run *record.Run
	rng *rand.Rand
	now time.Duration
}

// nodeBytes is what the node uses without instances.
const nodeBytes = 3000 * MiB

const stay = 20 * time.Second

// Run makes it.
func (s *Scale) Run(id string) *record.Run {
	var names []string
	for _, class := range s.Classes {
		names = append(names, class.Name)
	}
	s.run, s.rng = New(id, names...).Run(), rand.New(rand.NewPCG(s.Seed, 1))
	s.run.Header.Command, s.run.Header.Shape = "scale", record.Shape{Rounds: true}
	s.now = 10 * time.Second
	for block := range s.Blocks {
		for _, n := range s.Services {
			for _, class := range s.Classes {
				s.round(class, n, block+1)
			}
		}
	}
	s.run.End.At, s.run.End.Samples = s.now, len(s.run.Samples)
	return s.run
}

// moments are when the i-th instance of a round changes.
type moments struct{ created, ready, answered, gone time.Duration }

func (s *Scale) moments(class ScaleClass, i, n int) moments {
	created := s.now + 150*time.Millisecond + time.Duration(i)*s.Every
	ready := created + class.Start
	last := s.now + 150*time.Millisecond + time.Duration(n-1)*s.Every + class.Start
	return moments{created, ready, ready + class.Gap + time.Duration(i)*class.Spread, last + stay + time.Duration(i)*100*time.Millisecond}
}

func (s *Scale) round(class ScaleClass, n, block int) {
	var all []moments
	for i := range n {
		m := s.moments(class, i, n)
		all = append(all, m)
		uid := fmt.Sprintf("%s-%d-%d-%d", class.Name, n, block, i)
		s.sample(class, n, block, i, uid, m)
		for _, e := range []struct {
			kind record.Kind
			at   time.Duration
		}{{record.EventInstanceCreated, m.created}, {record.EventInstanceScheduled, m.created}, {record.EventInstanceReady, m.ready}, {record.EventInstanceGone, m.gone}} {
			s.run.Events = append(s.run.Events, record.Event{Type: record.TypeEvent, At: e.at, Kind: e.kind, RuntimeClass: class.Name, UID: uid})
		}
	}
	end := all[n-1].gone
	drift := int64(s.Drift * float64(len(s.run.Samples)))
	for at := s.now - 900*time.Millisecond; at < end; at += 100 * time.Millisecond {
		s.read(class, all, at, drift, (at-s.now)%time.Second == 0)
	}
	s.now = end + 5*time.Second
}

func (s *Scale) sample(class ScaleClass, n, block, i int, uid string, m moments) {
	one := record.Sample{
		Type: record.TypeSample, RuntimeClass: class.Name, Services: n, Block: block, Service: fmt.Sprintf("%s-%d", class.Name, i),
		Namespace: "bench", Intended: s.now, Sent: s.now + 100*time.Microsecond, FirstByte: m.answered, Done: m.answered + time.Millisecond,
		ClientTimeout: Timeout, Outcome: record.OK, Status: 200, Cold: record.Proven, Proof: record.ProofAnswer, ColdReason: "test",
		Instance: &record.Instance{Pod: "pod-" + uid, UID: uid},
	}
	one.ResponseLatency, one.TTFB = one.Done-one.Sent, one.FirstByte-one.Sent
	s.run.Samples = append(s.run.Samples, one)
}

// read takes the readings of one moment.
func (s *Scale) read(class ScaleClass, all []moments, at time.Duration, drift int64, sum bool) {
	var inside, outside int64
	alive := 0
	for _, m := range all {
		if at < m.created || at >= m.gone {
			continue
		}
		up := min(float64(at-m.created)/float64(m.ready-m.created), 1)
		alive++
		inside += int64(up * float64(class.Group))
		outside += int64(up * float64(class.Outside))
	}
	used := nodeBytes + drift + inside + outside
	s.run.Resources = append(s.run.Resources, record.Resource{Type: record.TypeResource, At: at, Scope: record.ScopeNode, Node: "n", CPUs: 2,
		MemoryBytes: used + 500*MiB + int64(s.Noise*s.rng.NormFloat64()), WorkingSetBytes: used, CPU: at / 2})
	if sum && alive > 0 {
		s.run.Resources = append(s.run.Resources, record.Resource{Type: record.TypeResource, At: at, Span: 2 * time.Millisecond,
			Scope: record.ScopeClass, RuntimeClass: class.Name, Instances: alive, MemoryBytes: inside, CPU: at / 4})
	}
}
