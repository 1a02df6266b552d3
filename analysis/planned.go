package analysis

import (
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// planned counts the starts of one run that were to be made and were not. A trial that
// was skipped is an event. A service that was left out of a round is known by the
// number of services that were to be fired together.
type planned struct {
	rounds  map[firedRound]*fired
	of      map[string]record.Key // the cell of each service
	skipped []record.Event
}

type firedRound struct {
	record.Key
	block int
}

type fired struct {
	sent      int
	discarded bool
}

func newPlanned() *planned {
	return &planned{rounds: map[firedRound]*fired{}, of: map[string]record.Key{}}
}

func (p *planned) addSample(s *record.Sample) {
	k := s.Key()
	if known, ok := p.of[s.Service]; !ok || known != k {
		p.of[s.Service] = k
	}
	if s.Services <= 1 {
		return
	}
	name := firedRound{k, s.Block}
	if p.rounds[name] == nil {
		p.rounds[name] = &fired{discarded: s.Discarded}
	}
	p.rounds[name].sent++
}

func (p *planned) addEvent(e *record.Event) {
	if e.Kind == record.EventTrialSkipped {
		p.skipped = append(p.skipped, *e)
	}
}

// notMade is how many starts each cell lacks.
func (p *planned) notMade(cells map[record.Key]*cellBuilder) map[record.Key]int {
	lacking, leftOut := map[record.Key]int{}, map[record.Key]int{}
	for name, f := range p.rounds {
		left := max(name.Services-f.sent, 0)
		leftOut[name.Class()] += left
		if !f.discarded {
			lacking[name.Key] += left
		}
	}
	for i := range p.skipped {
		e := &p.skipped[i]
		k, known := p.of[e.Service]
		if !known {
			k = mostServices(cells, e.Key())
		}
		if leftOut[k.Class()] > 0 { // its round has counted it
			leftOut[k.Class()]--
		} else if cells[k] != nil {
			lacking[k]++
		}
	}
	return lacking
}

// mostServices is the cell of a class with the most services. An event that names no
// side is taken to be of the last one by name, which is the one under test.
func mostServices(cells map[record.Key]*cellBuilder, class record.Key) record.Key {
	best := class
	for k := range cells {
		same := k.RuntimeClass == class.RuntimeClass && (class.Variant == "" || k.Variant == class.Variant)
		if same && (k.Services > best.Services || k.Services == best.Services && k.Variant > best.Variant) {
			best = k
		}
	}
	return best
}
