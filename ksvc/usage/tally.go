package usage

import (
	"maps"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/watch"
)

// instancePeriod is how often an instance is written down by itself once it is
// Ready.
const instancePeriod = 30 * time.Second

// use is what one group used.
type use struct {
	memory, cache int64
	cpu           time.Duration
}

// tally adds up what the instances of each class use.
type tally struct {
	emit func(record.Resource)
	// stamp has what all readings have in common.
	stamp record.Resource
	sums  map[string]*record.Resource
	// used is the CPU time of each instance that was ever read, by UID, and total that of
	// all instances of a class: what is gone has used it all the same.
	used  map[string]time.Duration
	total map[string]time.Duration
	// last is when a class's last sum was read.
	last map[string]time.Duration
	// told is when each instance was last written down by itself, by UID; next is
	// the same, of the instances of the present sum.
	told, next map[string]time.Duration
}

func newTally(emit func(record.Resource), stamp record.Resource) *tally {
	return &tally{emit: emit, stamp: stamp, sums: map[string]*record.Resource{}, used: map[string]time.Duration{}, total: map[string]time.Duration{}, last: map[string]time.Duration{}, next: map[string]time.Duration{}}
}

// add takes one instance, read at an instant.
func (t *tally) add(i watch.Instance, at time.Duration, u use) {
	sum := t.sums[i.RuntimeClass]
	if sum == nil {
		one := t.stamp
		one.Scope, one.RuntimeClass, one.At = record.ScopeClass, i.RuntimeClass, at
		sum = &one
		t.sums[i.RuntimeClass] = sum
	}
	// Readings of several nodes do not come in the order of time.
	first := min(sum.At-sum.Span, at)
	sum.At = max(sum.At, at)
	sum.Span = sum.At - first
	sum.Instances++
	sum.MemoryBytes += u.memory
	sum.CacheBytes += u.cache
	t.total[i.RuntimeClass] += u.cpu - t.used[i.UID]
	t.used[i.UID] = u.cpu
	sum.CPU = t.total[i.RuntimeClass]
	t.alone(i, at, u)
}

// alone writes an instance down by itself when it is time.
func (t *tally) alone(i watch.Instance, at time.Duration, u use) {
	last, before := t.told[i.UID]
	if before && at-last < instancePeriod {
		t.next[i.UID] = last
		return
	}
	if !i.Ready {
		return
	}
	t.next[i.UID] = at
	one := t.stamp
	one.Scope, one.Node, one.RuntimeClass, one.UID = record.ScopeInstance, i.Node, i.RuntimeClass, i.UID
	one.At, one.MemoryBytes, one.CacheBytes, one.CPU = at, u.memory, u.cache, u.cpu
	t.emit(one)
}

// finish emits the sums that have something new, and begins the next ones.
func (t *tally) finish() {
	for _, class := range slices.Sorted(maps.Keys(t.sums)) {
		sum := t.sums[class]
		if last, before := t.last[class]; !before || sum.At > last {
			t.last[class] = sum.At
			t.emit(*sum)
		}
	}
	clear(t.sums)
	t.told, t.next = t.next, map[string]time.Duration{}
}
