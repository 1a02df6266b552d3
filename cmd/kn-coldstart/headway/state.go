package headway

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TypeProgress is the Type of a State.
const TypeProgress = "progress"

// State is how far a run is: a line of --progress json. What is not known, or is nothing to
// be known of the experiment, is left out.
type State struct {
	// Type is TypeProgress. A line of type "message" has time, level and text instead.
	Type       string    `json:"type"`
	Time       time.Time `json:"time"`
	Experiment string    `json:"experiment"`
	// Ended says that this is the last line of the run.
	Ended bool `json:"ended,omitempty"`
	// Task is what the run is busy with beside measuring, such as deploying its services.
	Task *Task `json:"task,omitempty"`

	// Done counts samples, those that warm caches among them, and the failed ones; of a load
	// requests, and of work programs. Planned is how many there will be: of ab at most, and
	// of a search until now.
	Done    int `json:"done"`
	Failed  int `json:"failed"`
	Planned int `json:"planned,omitempty"`
	// RatePerSecond is that of the latest samples, of the round, or of the latest second of a
	// load.
	RatePerSecond float64 `json:"ratePerSecond,omitempty"`
	// SecondsLeft is an estimate; of ab it is at most so long, and of a load it is the time
	// that is left of this load.
	SecondsLeft *float64 `json:"secondsLeft,omitempty"`

	Latest *Latest `json:"latest,omitempty"`
	Round  *Round  `json:"round,omitempty"`
	Load   *Load   `json:"load,omitempty"`

	// atMost says that SecondsLeft is a bound.
	atMost bool
	spread spread
	p99s   []time.Duration
}

// Task is something of which parts are done. Of some tasks it is not known how many parts
// they have.
type Task struct {
	Name    string `json:"name"`
	Done    int    `json:"done"`
	Planned int    `json:"planned,omitempty"`
}

// Latest is the latest sample, or of work the latest program.
type Latest struct {
	RuntimeClass string          `json:"runtimeClass"`
	Variant      string          `json:"variant,omitempty"`
	Service      string          `json:"service,omitempty"`
	Program      string          `json:"program,omitempty"`
	Outcome      record.Outcome  `json:"outcome"`
	Cold         record.Coldness `json:"cold,omitempty"`
	Discarded    bool            `json:"discarded,omitempty"`
	// Latency is the service response latency, or how long the program ran.
	Latency time.Duration `json:"latencyNs"`
}

func latestOf(s *record.Sample) *Latest {
	return &Latest{RuntimeClass: s.RuntimeClass, Variant: s.Variant, Service: s.Service, Outcome: s.Outcome, Cold: s.Cold,
		Discarded: s.Discarded, Latency: s.ResponseLatency}
}

// Round is the round of services that are fired together, or the latest one.
type Round struct {
	RuntimeClass string `json:"runtimeClass"`
	Services     int    `json:"services"`
	// Spawned counts the instances since the first request, and Ready those that serve now.
	Spawned  int `json:"spawned"`
	Ready    int `json:"ready"`
	Answered int `json:"answered"`
	Failed   int `json:"failed"`
}

// Load is the latest second of a load of which all requests have ended.
type Load struct {
	RuntimeClass string `json:"runtimeClass"`
	Second       int    `json:"second"`
	Requests     int    `json:"requests"`
	Failed       int    `json:"failed"`
	// P99 is of the answered ones, and zero where none was.
	P99   time.Duration `json:"p99Ns"`
	Alive int           `json:"alive"`
	Ready int           `json:"ready"`
}

// State is how far the run is now.
func (t *Tally) State() State {
	t.mu.Lock()
	now, instances := t.now(), t.instances()
	t.mu.Unlock()
	// The counts belong to who watches the cluster. He may be about to tell something, so
	// they are asked for outside of the lock.
	count := instances()
	t.mu.Lock()
	defer t.mu.Unlock()
	s := State{Type: TypeProgress, Time: now, Experiment: t.experiment, Task: t.task, Done: t.done, Failed: t.failed, Planned: t.planned,
		Latest: t.latest, spread: t.spread}
	if t.task == nil { // else nothing is measured now
		s.RatePerSecond = t.ends.rate(now)
	}
	switch {
	case t.load != nil:
		t.load.addTo(&s, now)
	case t.rounds.begun:
		t.addRound(&s, count, now)
	case t.planned > t.done && s.RatePerSecond > 0:
		left := time.Duration(float64(t.planned-t.done) / s.RatePerSecond * float64(time.Second))
		if t.budget > 0 {
			left, s.atMost = min(left, max(0, t.budget-now.Sub(t.began))), true
		}
		s.left(left)
	}
	return s
}

func (s *State) left(d time.Duration) {
	seconds := d.Round(time.Second).Seconds()
	s.SecondsLeft = &seconds
}

// instances counts those of the round since its first request.
func (t *Tally) instances() func() record.InstanceCount {
	r := t.round
	if r == nil {
		return func() record.InstanceCount { return record.InstanceCount{} }
	}
	return func() record.InstanceCount {
		count := r.firing.Instances()
		count.Spawned -= r.before.Spawned
		return count
	}
}

func (t *Tally) addRound(s *State, count record.InstanceCount, now time.Time) {
	s.RatePerSecond = 0
	if left, known := t.rounds.left(t.began, now); known {
		s.left(left)
	}
	if r := t.round; r != nil {
		s.RatePerSecond = r.rate(now)
		s.Round = &Round{RuntimeClass: r.firing.Plan.RuntimeClass, Services: r.firing.Plan.Services,
			Spawned: count.Spawned, Ready: count.Ready, Answered: r.answered, Failed: r.failed}
	}
}

func (l *loading) addTo(s *State, now time.Time) {
	l.read()
	s.p99s, s.spread, s.Latest = l.p99s, spread{}, nil
	if !l.ended {
		s.left(l.left(now))
	}
	if len(l.p99s) == 0 {
		return
	}
	i := &l.latest
	s.Load = &Load{RuntimeClass: i.RuntimeClass, Second: i.Second, Requests: i.Sent + i.Dropped, Failed: i.Failures() + i.Dropped,
		P99: l.p99s[len(l.p99s)-1], Alive: l.instances.Alive, Ready: l.instances.Ready}
	if !l.ended {
		s.RatePerSecond = float64(s.Load.Requests)
	}
}
