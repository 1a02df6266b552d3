package round

import (
	"cmp"
	"hash/fnv"
	"io"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// stage is how far an instance has come.
type stage int8

// The stages in their order. An instance that has come to one of them has come to
// those before it, whether or not a watch saw that. The first and the last mark
// events only: an instance that is gone has no stage any more, and one may answer
// before the watch says that it is Ready.
const (
	gone stage = iota
	created
	scheduled
	running
	ready
	answered
)

// stageOf is the stage that an event of a kind brings an instance to. Kinds that are
// not about the life of an instance are missing.
var stageOf = map[record.Kind]stage{
	record.EventInstanceGone:      gone,
	record.EventInstanceCreated:   created,
	record.EventInstanceScheduled: scheduled,
	record.EventInstanceRunning:   running,
	record.EventInstanceReady:     ready,
}

// uid stands for the UID of a pod. It is a hash, as there may be millions.
type uid uint64

func uidOf(s string) uid {
	h := fnv.New64a()
	_, _ = io.WriteString(h, s) // a hash takes everything
	return uid(h.Sum64())
}

// event is one change of one instance.
type event struct {
	at       time.Duration
	instance uid
	// class and service are places in the lists of names; service is nobody where the
	// event names none.
	class, service int32
	// stage is what the instance came to.
	stage stage
}

// nobody is the service of an event that names none.
const nobody = -1

// names gives each of some values a number, in the order of their first mention.
type names[T comparable] struct {
	list  []T
	index map[T]int32
}

func (n *names[T]) of(name T) int32 {
	if i, known := n.index[name]; known {
		return i
	}
	if n.index == nil {
		n.index = map[T]int32{}
	}
	i := int32(len(n.list))
	n.list = append(n.list, name)
	n.index[name] = i
	return i
}

// population is which instances there are at one moment of a replay, by the place of
// their class.
type population []census

// census is the instances of one class at one moment.
type census struct {
	instances map[uid]instance
	// placed instances have a node, ready ones are Ready, and answering ones have
	// answered a request.
	placed, ready, answering int
}

// instance is one that exists.
type instance struct {
	stage    stage
	answered bool
}

// alive is how many instances there are.
func (c *census) alive() int { return len(c.instances) }

// apply changes the population as the event says. It returns false for the answer of
// an instance that is not known to exist, which changes nothing.
func (p population) apply(e event) bool {
	c := &p[e.class]
	one, known := c.instances[e.instance]
	if e.stage == answered && !known {
		return false
	}
	c.count(one, -1)
	switch e.stage {
	case gone:
		delete(c.instances, e.instance)
		return true
	case answered:
		one.answered = true
	default:
		one.stage = max(one.stage, e.stage)
	}
	c.count(one, 1)
	c.instances[e.instance] = one
	return true
}

// count adds an instance to the numbers, or takes it off. One that was not known
// before has no stage and counts nothing.
func (c *census) count(one instance, by int) {
	if one.stage >= scheduled {
		c.placed += by
	}
	if one.stage >= ready {
		c.ready += by
	}
	if one.answered {
		c.answering += by
	}
}

// placed is how many instances of all classes have a node.
func (p population) placed() int {
	n := 0
	for i := range p {
		n += p[i].placed
	}
	return n
}

// watcher follows a replay.
type watcher interface {
	// pass is told that the population stays as it is until just before at.
	pass(at time.Duration, p population)
	// see is told of an event that has just changed the population.
	see(e event, p population)
}

// replay puts the events of a run into the order of time and lets the watchers
// follow how they change the population, from no instance of any class:
//
//	pass(e1.at)  see(e1)  pass(e2.at)  see(e2)  …  pass(the end of time)
func replay(events []event, classes int, watchers ...watcher) {
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	p := make(population, classes)
	for i := range p {
		p[i].instances = map[uid]instance{}
	}
	for _, e := range events {
		for _, w := range watchers {
			w.pass(e.at, p)
		}
		if !p.apply(e) {
			continue
		}
		for _, w := range watchers {
			w.see(e, p)
		}
	}
	for _, w := range watchers {
		w.pass(math.MaxInt64, p)
	}
}
