package start

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Planned finds the starts of one run that were to be made and were not, from the lines
// of the run in their order. A trial that was skipped is an event. A service that was
// left out of a round is known by the number of services that were to be fired together.
type Planned struct {
	rounds  map[roundName]*fired
	of      map[string]record.Key // the cell of each service
	cells   map[record.Key]bool   // those with samples that count
	skipped []record.Event
	samples int
}

// Missing is a start that was planned and not made.
type Missing struct {
	record.Key
	// Block is that of its round; zero where it is in none.
	Block int
	At    time.Duration
}

type roundName struct {
	record.Key
	block int
}

// fired is what is known of one round.
type fired struct {
	sent      int
	at        time.Duration
	discarded bool
}

// NewPlanned begins with a new run.
func NewPlanned() *Planned {
	return &Planned{rounds: map[roundName]*fired{}, of: map[string]record.Key{}, cells: map[record.Key]bool{}}
}

// AddSample takes the next sample.
func (p *Planned) AddSample(s *record.Sample) {
	p.samples++
	k := s.Key()
	if known, ok := p.of[s.Service]; !ok || known != k {
		p.of[s.Service] = k
	}
	if !s.Discarded && !p.cells[k] {
		p.cells[k] = true
	}
	if s.Services <= 1 {
		return
	}
	name := roundName{k, s.Block}
	if p.rounds[name] == nil {
		p.rounds[name] = &fired{at: s.Intended, discarded: s.Discarded}
	}
	p.rounds[name].sent++
}

// AddEvent takes the next event.
func (p *Planned) AddEvent(e *record.Event) {
	if e.Kind == record.EventTrialSkipped {
		p.skipped = append(p.skipped, *e)
	}
}

// NotMade are the starts that were not made, after the last line. Those of discarded
// rounds are not among them.
func (p *Planned) NotMade(h *record.Header) []Missing {
	var list []Missing
	leftOut := map[record.Key]int{} // by class, those of discarded rounds included
	for _, name := range slices.SortedFunc(maps.Keys(p.rounds), compareRounds) {
		f := p.rounds[name]
		for range name.Services - f.sent {
			leftOut[name.Class()]++
			if !f.discarded {
				list = append(list, Missing{name.Key, name.block, f.at})
			}
		}
	}
	for i := range p.skipped {
		e := &p.skipped[i]
		k := p.cellOf(e, h)
		if leftOut[k.Class()] > 0 { // its round has counted it
			leftOut[k.Class()]--
		} else if k.RuntimeClass != "" {
			list = append(list, Missing{Key: k, At: e.At})
		}
	}
	return list
}

// Lost says how many samples the run wrote, by its end, and its file does not have; empty
// if it has all. A start that was not made is no lost sample: it counts as a failure
// already, and some writers count it among the samples.
func (p *Planned) Lost(h *record.Header, end *record.End) string {
	if end == nil || end.Samples <= p.samples+len(p.NotMade(h)) {
		return ""
	}
	return fmt.Sprintf("it has %d samples, and the run wrote %d", p.samples, end.Samples)
}

func compareRounds(a, b roundName) int {
	return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.RuntimeClass, b.RuntimeClass), cmp.Compare(a.Variant, b.Variant), cmp.Compare(a.Services, b.Services))
}

// cellOf is the cell that a skipped trial was to be in: that of its service, or the one
// of its class with the most services. An event that names no side is taken to be of
// the last one by name, which is the one under test. A class of which every trial was
// skipped has no sample; then the settings say how many services were to be fired.
func (p *Planned) cellOf(e *record.Event, h *record.Header) record.Key {
	if k, known := p.of[e.Service]; known && p.cells[k] {
		return k
	}
	best := e.Key()
	for k := range p.cells {
		same := k.RuntimeClass == best.RuntimeClass && (e.Variant == "" || k.Variant == e.Variant)
		if same && (k.Services > best.Services || k.Services == best.Services && k.Variant > best.Variant) {
			best = k
		}
	}
	if best.Services == 0 {
		best.Services = 1
		if h.Shape.Rounds && len(h.Settings.Services) > 0 {
			best.Services = slices.Max(h.Settings.Services)
		}
	}
	return best
}
