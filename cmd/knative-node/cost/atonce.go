package cost

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
)

// atOnce starts a number of instances at the same time, reads their memory when all of them
// have run for a while, and stops them at the same time. Each is the memory of one, by which
// it is decided whether they fit. The error is the first failure, which is also in the result.
func (m *measurement) atOnce(ctx context.Context, h handler.Handler, count int, each int64) (Starts, error) {
	starts := Starts{Count: count}
	if err := m.mustFit(each * int64(count)); err != nil {
		starts.note(err)
		return starts, nil
	}
	instances, err := m.startAll(ctx, h, &starts)
	if err == nil {
		err = rest(ctx)
	}
	var ids []string
	for _, i := range instances {
		ids = append(ids, i.id)
	}
	processes, errRead := m.machine.Processes(ids...)
	starts.MemoryBytes, starts.Processes = Memory(processes), len(processes)
	err = cmp.Or(err, errRead, m.stopAll(ctx, instances, &starts))
	starts.note(err)
	return starts, err
}

// mustFit returns an error for instances that take too much memory. Shared pages count in
// each, so that they take less in the end.
func (m *measurement) mustFit(bytes int64) error {
	available, err := m.machine.AvailableMemory()
	if err == nil && bytes > available*8/10 {
		err = fmt.Errorf("not tried: they would take up to %d MiB of memory, and %d MiB are available", bytes>>20, available>>20)
	}
	return err
}

// startAll returns the instances that have started, and the first error.
func (m *measurement) startAll(ctx context.Context, h handler.Handler, into *Starts) ([]*instance, error) {
	ctx, cancel := context.WithTimeout(ctx, limit(into.Count))
	defer cancel()
	var ids []string
	for range into.Count {
		ids = append(ids, m.id(h))
	}
	var instances []*instance
	var err error
	into.Start, err = together(ids, func(id string) (func(), error) {
		i, err := m.runtimes.start(ctx, h, id)
		return func() {
			instances = append(instances, i)
			m.count(h.Name+" runs", len(instances), into.Count)
		}, err
	})
	return instances, err
}

func (m *measurement) stopAll(ctx context.Context, instances []*instance, into *Starts) (err error) {
	ctx, cancel := context.WithTimeout(ctx, limit(into.Count))
	defer cancel()
	gone := 0
	into.Stop, err = together(instances, func(i *instance) (func(), error) {
		return func() {
			gone++
			m.count("gone", gone, into.Count)
		}, i.stop(ctx)
	})
	return err
}

// together does something with all at the same time. It returns how long each took that did
// not fail, and the first error. What do returns is called for these, one at a time.
func together[T any](all []T, do func(T) (func(), error)) (took []time.Duration, first error) {
	var group sync.WaitGroup
	var one sync.Mutex
	began := time.Now()
	for _, each := range all {
		group.Go(func() {
			done, err := do(each)
			after := time.Since(began)
			one.Lock()
			defer one.Unlock()
			if err != nil {
				first = cmp.Or(first, err)
				return
			}
			took = append(took, after)
			done()
		})
	}
	group.Wait()
	return took, first
}

// note keeps the first error.
func (s *Starts) note(err error) {
	if err != nil && s.Error == "" {
		s.Error = err.Error()
	}
}
