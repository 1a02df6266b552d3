package analysis

import (
	"slices"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Phase is one step of a cell's cold starts, as medians over its samples.
// Medians do not add up: the steps' sum is near the whole, not equal to it.
type Phase struct {
	Name record.PhaseName `json:"name"`
	// Samples is how many samples know this phase and the one before it.
	Samples int `json:"samples"`
	// SinceRequested is from the request to this phase, Step from the phase
	// before it in the list. Either may be negative where clocks are coarse.
	SinceRequested time.Duration `json:"sinceRequestedNs"`
	Step           time.Duration `json:"stepNs"`
	// Resolution is the worst sum of the resolutions of a step's two ends.
	Resolution time.Duration `json:"resolutionNs"`
	// Clock names the sources that the phase was read from, joined by "+".
	Clock string `json:"clock"`
	// Steps holds the steps that Step is the median of.
	Steps *stat.Set `json:"-"`
}

// phaseBuilder gathers the phases of samples, one row a sample.
type phaseBuilder struct {
	rows []map[record.PhaseName]record.Phase
}

func (b *phaseBuilder) add(s *record.Sample) {
	row := map[record.PhaseName]record.Phase{
		record.PhaseRequested: clientPhase(record.PhaseRequested, s.Sent),
		record.PhaseDone:      clientPhase(record.PhaseDone, s.Done),
	}
	if s.FirstByte > 0 {
		row[record.PhaseFirstByte] = clientPhase(record.PhaseFirstByte, s.FirstByte)
	}
	for _, p := range s.Phases {
		row[p.Name] = p
	}
	b.rows = append(b.rows, row)
}

// clientPhase is what every sample knows without its list of phases.
func clientPhase(name record.PhaseName, at time.Duration) record.Phase {
	return record.Phase{Name: name, At: at, Clock: record.ClockClient, Resolution: 1}
}

// phases are those that at least half of the samples know, in the order of
// record.PhaseNames.
func (b *phaseBuilder) phases() []Phase {
	var list []Phase
	before := record.PhaseRequested
	for _, name := range record.PhaseNames {
		known := 0
		for _, row := range b.rows {
			if _, ok := row[name]; ok {
				known++
			}
		}
		if known == 0 || known*2 < len(b.rows) {
			continue
		}
		if p := b.phase(before, name); p.Samples > 0 {
			list = append(list, p)
			before = name
		}
	}
	return list
}

func (b *phaseBuilder) phase(before, name record.PhaseName) Phase {
	p := Phase{Name: name}
	var steps, offsets []time.Duration
	var clocks []string
	for _, row := range b.rows {
		from, hasFrom := row[before]
		to, hasTo := row[name]
		if !hasFrom || !hasTo {
			continue
		}
		steps = append(steps, to.At-from.At)
		offsets = append(offsets, to.At-row[record.PhaseRequested].At)
		p.Resolution = max(p.Resolution, from.Resolution+to.Resolution)
		clocks = append(clocks, to.Clock)
	}
	p.Samples = len(steps)
	if p.Samples == 0 {
		return p
	}
	p.Steps = stat.NewSet(steps, nil)
	p.Step = p.Steps.Quantile(0.5).Latency
	p.SinceRequested = stat.NewSet(offsets, nil).Quantile(0.5).Latency
	slices.Sort(clocks)
	p.Clock = strings.Join(slices.Compact(clocks), "+")
	return p
}
