package cost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
)

// Machine is what is asked of the machine that the handlers run on. Instances are named by
// the IDs of their containers.
type Machine interface {
	// Processes are all processes of the instances: their shims, and whatever these run.
	Processes(ids ...string) ([]Process, error)
	// Kill kills these processes.
	Kill(ids ...string) error
	// RemoveGroups removes the cgroups whose names begin like this.
	RemoveGroups(prefix string) error
	// AvailableMemory is how many bytes more may be used.
	AvailableMemory() (int64, error)
}

// Options are the options of Measure.
type Options struct {
	Handlers []handler.Handler
	// Counts are how many instances are started at once. As many as the largest says are
	// started in turn.
	Counts []int
	// RuncShim is the path of containerd's shim for runc.
	RuncShim string
	// Socket is where containerd listens.
	Socket string
	// Idle is a static program that waits until it is killed, with its arguments.
	Idle []string
	// OnProgress is told what is being done.
	OnProgress func(text string)
}

// prefix begins the names of all instances.
const prefix = "cost-"

// settle is how long an instance is left alone before its memory is read: a shim that has
// just started an instance still uses what it needed for that.
const settle = 2 * time.Second

// Measure finds out what the handlers cost. What it has started is removed when it returns,
// whatever happens, and so is what an earlier one left that was killed.
func Measure(ctx context.Context, machine Machine, options Options) ([]Handler, error) {
	found, err := describeAll(ctx, options)
	if err != nil {
		return nil, err
	}
	r, err := open(options.Socket)
	if err != nil {
		return nil, err
	}
	ctx = own(ctx)
	// What an earlier one left has the names of what is started now.
	if err := r.clear(ctx, machine); err != nil {
		return nil, errors.Join(err, r.client.Close())
	}
	m := &measurement{Options: options, machine: machine, runtimes: r, found: found}
	err = m.measure(ctx)
	options.OnProgress("removing what was started")
	return found, errors.Join(err, r.clear(context.WithoutCancel(ctx), machine), r.client.Close())
}

// describeAll describes the handlers. One that cannot be described has an error, and the
// others are measured.
func describeAll(ctx context.Context, options Options) ([]Handler, error) {
	var found []Handler
	for _, h := range options.Handlers {
		c, err := describe(ctx, h, options.RuncShim)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			c.Error = "not tried: " + err.Error()
		}
		found = append(found, c)
	}
	return found, nil
}

// measurement is one run of Measure.
type measurement struct {
	Options
	machine  Machine
	runtimes *runtimes
	// found has an element for each of the Handlers.
	found   []Handler
	started int       // how many instances were named so far
	told    time.Time // when progress was told last
}

func (m *measurement) measure(ctx context.Context) error {
	if err := m.runtimes.loadImage(ctx, m.Idle[0], m.Idle[1:]...); err != nil {
		return fmt.Errorf("load the image of what is started: %w", err)
	}
	for _, part := range []func(context.Context) error{m.idle, m.inTurn, m.allAtOnce} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// idle reads the processes of one instance of each handler.
func (m *measurement) idle(ctx context.Context) error {
	for n, h := range m.Handlers {
		if m.found[n].Error != "" {
			continue
		}
		m.tell(h.Name + ": one instance")
		err := m.idleOne(ctx, h, &m.found[n])
		if err := m.clearAfter(ctx, err); err != nil {
			return err
		}
		if err != nil {
			m.found[n].Error = err.Error()
		}
	}
	return nil
}

func (m *measurement) allAtOnce(ctx context.Context) error {
	for _, count := range m.Counts {
		for n, h := range m.Handlers {
			if m.found[n].Error != "" {
				continue
			}
			m.tell(fmt.Sprintf("%s: %d at once", h.Name, count))
			starts, err := m.atOnce(ctx, h, count, Memory(m.found[n].Idle))
			if err := m.clearAfter(ctx, err); err != nil {
				return err
			}
			m.found[n].AtOnce = append(m.found[n].AtOnce, starts)
		}
	}
	return nil
}

// tell says what is being done.
func (m *measurement) tell(text string) {
	m.told = time.Now()
	m.OnProgress(text)
}

// count says how far something is, if nothing was told for two seconds.
func (m *measurement) count(what string, done, of int) {
	if time.Since(m.told) > 2*time.Second {
		m.tell(fmt.Sprintf("%s: %d of %d", what, done, of))
	}
}

// clearAfter removes what a failure has left, so that the next handler does not suffer from
// it. It returns an error only if the measurement cannot go on.
func (m *measurement) clearAfter(ctx context.Context, failure error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if failure == nil {
		return nil
	}
	return m.runtimes.clearInstances(ctx, m.machine)
}

// id names the next instance. No ID is a part of another, so that processes can be told by
// what mentions it.
func (m *measurement) id(h handler.Handler) string {
	m.started++
	return fmt.Sprintf("%s%s-%06d", prefix, h.Name, m.started)
}

// rest leaves what has just started alone for a while.
func rest(ctx context.Context) error {
	select {
	case <-time.After(settle):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// idleOne reads the processes of one instance.
func (m *measurement) idleOne(ctx context.Context, h handler.Handler, into *Handler) error {
	if err := m.runtimes.image.Unpack(ctx, h.UsedSnapshotter()); err != nil {
		return fmt.Errorf("unpack the image for snapshotter %s: %w", h.UsedSnapshotter(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, limit(1))
	defer cancel()
	i, err := m.runtimes.start(ctx, h, m.id(h))
	if err != nil {
		return err
	}
	if err := rest(ctx); err != nil {
		return err
	}
	if into.Idle, err = m.machine.Processes(i.id); err != nil {
		return err
	}
	if len(into.Idle) == 0 {
		return fmt.Errorf("no process of container %s was found", i.id)
	}
	return i.stop(ctx)
}

// inTurn starts and stops instances one after another. The handlers take turns, so that
// whatever else the machine does hits all of them.
func (m *measurement) inTurn(ctx context.Context) error {
	most := slices.Max(m.Counts)
	for n := range m.found {
		m.found[n].InTurn.Count = most
	}
	for done := range most {
		m.count("in turn", done, most)
		for n, h := range m.Handlers {
			starts := &m.found[n].InTurn
			if m.found[n].Error != "" || starts.Error != "" {
				continue
			}
			err := m.startAndStop(ctx, h, starts)
			if err := m.clearAfter(ctx, err); err != nil {
				return err
			}
			starts.note(err)
		}
	}
	return nil
}

func (m *measurement) startAndStop(ctx context.Context, h handler.Handler, into *Starts) error {
	ctx, cancel := context.WithTimeout(ctx, limit(1))
	defer cancel()
	began := time.Now()
	i, err := m.runtimes.start(ctx, h, m.id(h))
	if err != nil {
		return err
	}
	into.Start = append(into.Start, time.Since(began))
	began = time.Now()
	if err := i.stop(ctx); err != nil {
		return err
	}
	into.Stop = append(into.Stop, time.Since(began))
	return nil
}
