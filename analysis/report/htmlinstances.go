package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// instanceChart is the instances of one run over its time, a line per class.
type instanceChart struct {
	RunID string          `json:"runId"`
	Lines []*instanceLine `json:"lines"`
}

// instanceLine is how many instances of a class there were, were Ready, and had
// answered, after each change.
type instanceLine struct {
	Class   int           `json:"class"`
	Changes []chartChange `json:"changes"`
	Spawned int           `json:"spawned"`
	Peak    int           `json:"peak"`
	// PeakReady is the most that were Ready at one moment.
	PeakReady int `json:"peakReady"`
	// PeakAnswering is the most that had answered and were still there.
	PeakAnswering int `json:"peakAnswering"`

	name                    string
	alive, ready, answering map[string]bool
}

type chartChange struct {
	At    time.Duration `json:"atNs"`
	Alive int           `json:"alive"`
	Ready int           `json:"ready"`
	// Answering is how many of those alive have given a right answer.
	Answering int `json:"answering"`
}

// changeLimit bounds the steps of one line.
const changeLimit = 2000

// instances are those of the first run whose events tell of any.
func (c *charts) instances(runs []*record.Run) *instanceChart {
	for _, r := range runs {
		lines := map[string]*instanceLine{}
		chart := &instanceChart{RunID: plain(r.Header.RunID)}
		for _, e := range instanceEvents(r) {
			name := record.Key{RuntimeClass: e.RuntimeClass, Variant: e.Variant}.Class().String()
			line := lines[name]
			if line == nil && e.Kind == instanceAnswered {
				continue // of an instance that was never seen
			}
			if line == nil {
				line = &instanceLine{Class: c.class(name), name: plain(name), alive: map[string]bool{}, ready: map[string]bool{}, answering: map[string]bool{}}
				lines[name] = line
				chart.Lines = append(chart.Lines, line)
			}
			line.see(e)
		}
		if len(chart.Lines) > 0 {
			chart.thin()
			return chart
		}
	}
	return nil
}

// instanceAnswered is the kind of event that is made of a sample.
const instanceAnswered = "instanceAnswered"

// instanceEvents are those that tell of instances, first answers included. A run
// that watched none has none.
func instanceEvents(r *record.Run) []record.Event {
	var list []record.Event
	for _, e := range r.Events {
		switch e.Kind {
		case record.EventInstanceCreated, record.EventInstanceReady, record.EventInstanceGone:
			list = append(list, e)
		}
	}
	if len(list) == 0 {
		return nil
	}
	for i := range r.Samples {
		if s := &r.Samples[i]; !s.Failed() && s.Instance != nil && s.Instance.UID != "" {
			list = append(list, record.Event{At: s.FirstByte, Kind: instanceAnswered, RuntimeClass: s.RuntimeClass, UID: s.Instance.UID})
		}
	}
	slices.SortStableFunc(list, func(a, b record.Event) int { return cmp.Compare(a.At, b.At) })
	return list
}

func (l *instanceLine) see(e record.Event) {
	switch e.Kind {
	case record.EventInstanceCreated:
		l.alive[e.UID] = true
		l.Spawned++
	case record.EventInstanceReady:
		l.ready[e.UID] = true
	case instanceAnswered:
		if !l.alive[e.UID] {
			return
		}
		l.answering[e.UID] = true
	case record.EventInstanceGone:
		delete(l.alive, e.UID)
		delete(l.ready, e.UID)
		delete(l.answering, e.UID)
	}
	l.Peak, l.PeakReady, l.PeakAnswering = max(l.Peak, len(l.alive)), max(l.PeakReady, len(l.ready)), max(l.PeakAnswering, len(l.answering))
	l.Changes = append(l.Changes, chartChange{At: e.At, Alive: len(l.alive), Ready: len(l.ready), Answering: len(l.answering)})
}

func (c *instanceChart) thin() {
	for _, l := range c.Lines {
		step, kept := 1+(len(l.Changes)-1)/changeLimit, l.Changes[:0]
		for i := range l.Changes {
			if i%step == 0 || i == len(l.Changes)-1 {
				kept = append(kept, l.Changes[i])
			}
		}
		l.Changes = kept
	}
	slices.SortFunc(c.Lines, func(a, b *instanceLine) int { return cmp.Compare(a.Class, b.Class) })
}

func instanceFigure(c *instanceChart) templates.Figure {
	if c == nil {
		return templates.Figure{}
	}
	t := newTable("runtimeClass", " spawned", " peak", " peak ready", " peak answering")
	for _, l := range c.Lines {
		t.row(l.name, fmt.Sprint(l.Spawned), fmt.Sprint(l.Peak), fmt.Sprint(l.PeakReady), fmt.Sprint(l.PeakAnswering))
	}
	return templates.Figure{ID: "instances", Title: "Instances over time",
		Lead:  fmt.Sprintf("How many instances of each class there were, dashed, how many of them were Ready, solid, and how many had answered, dotted, during run %s, its discarded round included.", c.RunID),
		Table: htmlTable("Instances by pod UID", t)}
}
