package analysis

import (
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Phase is one step of a cell's cold starts, as medians over its samples. Medians do
// not add up: the sum of the steps is near the whole, and not equal to it.
type Phase struct {
	Name record.PhaseName `json:"name"`
	// Samples is how many samples SinceRequested is the median of: those that know this
	// phase.
	Samples int `json:"samples"`
	// StepSamples is how many samples Step is the median of: those that know the phase
	// before this one too.
	StepSamples int `json:"stepSamples"`
	// SinceRequested is from the request to this phase, and Step from the phase before
	// it in the list. Either may be negative where clocks are coarse.
	SinceRequested time.Duration `json:"sinceRequestedNs"`
	Step           time.Duration `json:"stepNs"`
	// Resolution is the sum of the worst resolutions of the step's two ends, without what
	// they have in common where both are from the clock that sent the request.
	Resolution time.Duration `json:"resolutionNs"`
	// Clock names the sources that the phase was read from, joined by "+".
	Clock string `json:"clock"`
	// Steps holds the steps that Step is the median of.
	Steps *stat.Set `json:"-"`
}

// phaseBuilder gathers the phases of samples, of which there may be millions. A row is
// a sample: a mask of the phases that it knows. The instants of all rows stand one
// after the other, those of a row in the order of record.PhaseNames.
type phaseBuilder struct {
	masks    []uint16
	instants []time.Duration
	facts    [16]phaseFact // in the order of record.PhaseNames
}

// phaseFact is what is kept of a phase for all rows together.
type phaseFact struct {
	known      int           // in how many rows it is
	resolution time.Duration // the worst
	// step is the worst one between two instants of one client, however far its clock is off.
	step   time.Duration
	clocks []string
}

func (b *phaseBuilder) add(s *record.Sample) {
	var mask uint16
	var row [16]time.Duration
	take := func(p record.Phase) {
		i := slices.Index(record.PhaseNames, p.Name)
		if i < 0 {
			return
		}
		mask |= 1 << i
		row[i] = p.At
		b.facts[i].add(p, s.ClockUncertainty)
	}
	for _, p := range s.Phases {
		take(p)
	}
	for _, p := range clientPhases(s) {
		if mask&(1<<slices.Index(record.PhaseNames, p.Name)) == 0 {
			take(p)
		}
	}
	b.masks = append(b.masks, mask)
	for i := range record.PhaseNames {
		if mask&(1<<i) != 0 {
			b.instants = append(b.instants, row[i])
		}
	}
}

// clientPhases are the phases that a sample knows even where its list of phases lacks
// them.
func clientPhases(s *record.Sample) []record.Phase {
	list := []record.Phase{
		{Name: record.PhaseRequested, At: s.Sent, Clock: record.ClockClient, Resolution: s.Resolution()},
		{Name: record.PhaseDone, At: s.Done, Clock: record.ClockClient, Resolution: s.Resolution()},
		{Name: record.PhaseFirstByte, At: s.FirstByte, Clock: record.ClockClient, Resolution: s.Resolution()},
	}
	if s.FirstByte == 0 {
		return list[:2]
	}
	return list
}

func (f *phaseFact) add(p record.Phase, uncertain time.Duration) {
	f.known++
	f.resolution = max(f.resolution, p.Resolution)
	f.step = max(f.step, p.Resolution-uncertain)
	if !slices.Contains(f.clocks, p.Clock) {
		f.clocks = append(f.clocks, p.Clock)
	}
}

// client says that the phase was always read from the clock that sent the request.
func (f *phaseFact) client() bool { return slices.Equal(f.clocks, []string{record.ClockClient}) }

// phases are those that at least half of the samples know, in the order of
// record.PhaseNames.
func (b *phaseBuilder) phases() []Phase {
	var list []Phase
	before := 0
	for i := range record.PhaseNames {
		if known := b.facts[i].known; known == 0 || known*2 < len(b.masks) {
			continue
		}
		if p := b.phase(before, i); p.StepSamples > 0 {
			list = append(list, p)
			before = i
		}
	}
	return list
}

// phase is the one at index i; its step is from the one at index before.
func (b *phaseBuilder) phase(before, i int) Phase {
	from, to := &b.facts[before], &b.facts[i]
	p := Phase{Name: record.PhaseNames[i], Resolution: from.resolution + to.resolution, Clock: strings.Join(slices.Sorted(slices.Values(to.clocks)), "+")}
	if from.client() && to.client() {
		p.Resolution = from.step + to.step
	}
	p.Steps = stat.NewSet(b.between(before, i), nil)
	p.StepSamples = p.Steps.N()
	if p.StepSamples == 0 {
		return p
	}
	since := stat.NewSet(b.between(0, i), nil)
	p.Samples, p.Step, p.SinceRequested = since.N(), p.Steps.Quantile(0.5).Latency, since.Quantile(0.5).Latency
	return p
}

// between are the times from the i-th phase to the j-th, of the rows that know both.
func (b *phaseBuilder) between(i, j int) []time.Duration {
	both := uint16(1<<i | 1<<j)
	list := make([]time.Duration, 0, min(b.facts[i].known, b.facts[j].known))
	at := 0
	for _, mask := range b.masks {
		if mask&both == both {
			list = append(list, b.instants[at+before(mask, j)]-b.instants[at+before(mask, i)])
		}
		at += bits.OnesCount16(mask)
	}
	return list
}

// before is how many of the phases before the i-th a row knows.
func before(mask uint16, i int) int { return bits.OnesCount16(mask & (1<<i - 1)) }
