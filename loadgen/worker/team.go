package worker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Team is the workers of a run. It does one thing at a time.
type Team struct {
	// life ends with the team.
	life  context.Context
	clock record.Clock
	event func(record.Event)
	// reach is the transport to a worker, and explain says what became of one that is lost, or
	// nothing.
	reach   func(name string) http.RoundTripper
	explain func(ctx context.Context, name string) string
	// Refill, when set, has others join in place of members that are lost, if there are any. It
	// is called before members are chosen.
	Refill func(ctx context.Context)

	mu      sync.Mutex
	members []*member
	losses  []error
}

// New is a team without members, which ends with ctx. event takes what happens to it, reach is
// the transport to a worker, and explain says what became of one, as far as it is known.
func New(ctx context.Context, clock record.Clock, event func(record.Event), reach func(name string) http.RoundTripper, explain func(ctx context.Context, name string) string) *Team {
	return &Team{life: ctx, clock: clock, event: event, reach: reach, explain: explain}
}

// Join takes workers in, and forgets those that are not among them. The clocks of the new
// ones are compared.
func (t *Team) Join(ctx context.Context, workers []record.Worker) error {
	var all, fresh []*member
	for _, w := range workers {
		m := t.member(w.Name)
		if m == nil {
			m = newMember(w, t.clock, t.reach(w.Name))
			if err := t.compareOne(ctx, m); err != nil {
				return fmt.Errorf("worker %s: %w", m.Name, err)
			}
			fresh = append(fresh, m)
		}
		all = append(all, m)
	}
	for _, m := range fresh {
		m.belong(t.life)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range t.members {
		if !slices.Contains(all, m) {
			m.leave()
		}
	}
	t.members = all
	return nil
}

func (t *Team) member(name string) *member {
	for _, m := range t.present() {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// present are the members that are not lost.
func (t *Team) present() []*member {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.members), func(m *member) bool { return m.lost })
}

// from are the members that are not lost, from the i-th on and round.
func (t *Team) from(i int) []*member {
	all := t.present()
	if len(all) == 0 {
		return nil
	}
	i %= len(all)
	return slices.Concat(all[i:], all[:i])
}

// Size is how many members are not lost.
func (t *Team) Size() int { return len(t.present()) }

// Compare compares the clocks of all members, and writes down what it finds.
func (t *Team) Compare(ctx context.Context) error {
	var failed error
	for _, m := range t.present() {
		if err := t.compareOne(ctx, m); err != nil {
			failed = errors.Join(failed, fmt.Errorf("worker %s: %w", m.Name, err))
		}
	}
	return failed
}

// summon returns those who do the next thing together: the members from the first-th on, and
// so many at most. The clock of each was compared a moment ago. One that does not answer then
// is lost before it has a share, and the next ones are chosen anew.
func (t *Team) summon(ctx context.Context, first, most int) ([]*member, error) {
	for {
		if t.Refill != nil {
			t.Refill(ctx)
		}
		members := t.from(first)
		chosen := members[:min(len(members), most)]
		all := t.compareOrLose(ctx, chosen)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case len(members) == 0:
			return nil, ErrNoWorkers
		case all:
			return chosen, nil
		}
	}
}

// compareOrLose compares the clocks of members, and says whether all have answered.
func (t *Team) compareOrLose(ctx context.Context, members []*member) bool {
	all := true
	for _, m := range members {
		if err := t.compareOne(ctx, m); err != nil && ctx.Err() == nil {
			t.lose(ctx, m, err, 0, 0)
			all = false
		}
	}
	return all
}

func (t *Team) compareOne(ctx context.Context, m *member) error {
	drift, err := m.compare(ctx)
	if err != nil {
		return err
	}
	o := m.ahead()
	t.event(record.Event{
		At: t.clock.Now(), Kind: record.EventWorkerClock, Pod: m.Name, Node: m.Node, ClockOffset: &o, Value: drift.Seconds(),
		Message: fmt.Sprintf("the clock of worker %s is known to ±%v, and has drifted by %v", m.Name, o.Uncertainty, drift),
	})
	return nil
}

// TellReady has the workers of a load know that an instance is Ready. It does not wait.
func (t *Team) TellReady(pod string, at time.Duration) {
	for _, m := range t.present() {
		m.ready.add(instance{Pod: pod, Since: at})
	}
}

// keepPause is how often an idle worker is asked for a sign of life, so that it knows that
// it is still needed.
const keepPause = time.Minute

// IdleLimit is how long a worker waits for an order before it ends, because nobody leads it
// any more.
const IdleLimit = 10 * time.Minute

// Keep has the workers know that they are needed, until ctx ends. Whether one has gone is found
// before it gets its next share.
func (t *Team) Keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(keepPause):
		}
		for _, m := range t.present() {
			_, _ = m.askClock(ctx)
		}
	}
}

// LostError says that a worker is lost: it did not do its share to the end, or had none.
type LostError struct {
	// Worker is its name.
	Worker, Reason string
	// Missing is of how many requests of its share, Of, it is not known what became of them,
	// because they were cut off, or nothing was heard.
	Missing, Of int
}

// Error names the worker, why it was lost, and what is missing.
func (e *LostError) Error() string {
	if e.Of == 0 {
		return fmt.Sprintf("worker %s was lost while it had nothing to send: %s", e.Worker, e.Reason)
	}
	return fmt.Sprintf("worker %s was lost: %s; of its %d requests %d are missing", e.Worker, e.Reason, e.Of, e.Missing)
}

// Lost is what all workers that were lost so far have left undone, or nil.
func (t *Team) Lost() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Join(t.losses...)
}

// lose takes in that a worker is lost, and writes it down. It counts among the losses of the
// run if something is missing.
func (t *Team) lose(ctx context.Context, m *member, cause error, missing, of int) *LostError {
	at := t.clock.Now()
	m.leave()
	t.mu.Lock()
	m.lost = true
	t.mu.Unlock()
	lost := &LostError{Worker: m.Name, Reason: t.reason(ctx, m.Name, cause), Missing: missing, Of: of}
	if missing > 0 {
		t.mu.Lock()
		t.losses = append(t.losses, lost)
		t.mu.Unlock()
	}
	t.event(record.Event{At: at, Kind: record.EventWorkerLost, Pod: m.Name, Node: m.Node, Value: float64(missing), Message: lost.Error()})
	return lost
}

// explainLimit is how long it may take until it is known what became of a worker. A kubelet
// needs a second or two to say that a container has ended.
const explainLimit = 4 * time.Second

// reason is why a worker is lost, with what became of it, as far as that is known.
func (t *Team) reason(ctx context.Context, name string, cause error) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), explainLimit)
	defer cancel()
	for {
		if more := t.explain(ctx, name); more != "" {
			if strings.Contains(cause.Error(), more) {
				return cause.Error()
			}
			return cause.Error() + " (" + more + ")"
		}
		select {
		case <-ctx.Done():
			return cause.Error()
		case <-time.After(time.Second):
		}
	}
}
