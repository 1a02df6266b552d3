package round

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Timeline is how many instances of each class there were over the time of one run,
// its discarded round included.
type Timeline struct {
	RunID string
	Lines []*Line
}

// Line is the instances of one class.
type Line struct {
	// Class is the key of the class as a whole.
	Class record.Key
	// Changes are in the order of time.
	Changes []Change
	// Spawned is how many were created, and the peaks are the most that existed, were
	// Ready, and had answered, each at one moment.
	Spawned, Peak, PeakReady, PeakAnswering int
}

// Change is how many instances there were from a moment on.
type Change struct {
	At    time.Duration `json:"atNs"`
	Alive int           `json:"alive"`
	Ready int           `json:"ready"`
	// Answering is how many of those alive have given a right answer.
	Answering int `json:"answering"`
}

// TimelineOf is nil for a run whose events tell of no instances.
func TimelineOf(r *record.Run) *Timeline {
	w := timelineWatcher{lines: map[int32]*Line{}}
	var events []event
	add := func(at time.Duration, class record.Key, id string, to stage) {
		events = append(events, event{at: at, instance: uidOf(id), class: w.classes.of(class), service: nobody, stage: to})
	}
	for i := range r.Events {
		e := &r.Events[i]
		switch to, ours := stageOf[e.Kind]; {
		case ours && (to == created || to == ready || to == gone):
			add(e.At, e.Key(), e.UID, to)
		}
	}
	if len(events) == 0 {
		return nil
	}
	for i := range r.Samples {
		if s := &r.Samples[i]; !s.Failed() && s.Instance != nil && s.Instance.UID != "" {
			add(s.FirstByte, s.Key().Class(), s.Instance.UID, answered)
		}
	}
	replay(events, len(w.classes.list), &w)
	w.timeline.RunID = r.Header.RunID
	return &w.timeline
}

// timelineWatcher adds to the line of a class what each of its events changes.
type timelineWatcher struct {
	classes  names[record.Key]
	lines    map[int32]*Line
	timeline Timeline
}

func (w *timelineWatcher) pass(time.Duration, population) {}

func (w *timelineWatcher) see(e event, p population) {
	line := w.lines[e.class]
	if line == nil {
		line = &Line{Class: w.classes.list[e.class]}
		w.lines[e.class] = line
		w.timeline.Lines = append(w.timeline.Lines, line)
	}
	c := &p[e.class]
	if e.stage == created {
		line.Spawned++
	}
	line.Peak, line.PeakReady, line.PeakAnswering = max(line.Peak, c.alive()), max(line.PeakReady, c.ready), max(line.PeakAnswering, c.answering)
	line.Changes = append(line.Changes, Change{At: e.at, Alive: c.alive(), Ready: c.ready, Answering: c.answering})
}
