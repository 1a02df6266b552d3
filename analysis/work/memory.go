package work

import (
	"cmp"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// reading is one line about a node, or about the instances of a class.
type reading struct {
	at           time.Duration
	bytes, cache int64
}

// blocks are the medians of the readings of each block, and what was read in all of them.
type blocks struct {
	instance, instanceCache, node, nodeCache, over []int64
	peak                                           int64
	readings                                       int
}

// within are the readings from one instant to another. They are in the order of time.
func within(list []reading, from, to time.Duration) []reading {
	first, _ := slices.BinarySearchFunc(list, from, func(r reading, at time.Duration) int { return cmp.Compare(r.at, at) })
	last, _ := slices.BinarySearchFunc(list, to+1, func(r reading, at time.Duration) int { return cmp.Compare(r.at, at) })
	return list[first:max(first, last)]
}

func bytesOf(r reading) int64 { return r.bytes }
func cacheOf(r reading) int64 { return r.cache }

// medianOf is nil of nothing.
func medianOf(list []reading, of func(reading) int64) []int64 {
	if len(list) == 0 {
		return nil
	}
	var all []int64
	for _, r := range list {
		all = append(all, of(r))
	}
	return []int64{median(all)}
}

func median(list []int64) int64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return sorted[(n-1)/2]/2 + sorted[n/2]/2 + (sorted[(n-1)/2]%2+sorted[n/2]%2)/2
}

// node are the readings of the one node. Of several it is not known which one ran what.
func (r *run) node() []reading {
	if len(r.nodes) != 1 {
		return nil
	}
	for _, list := range r.nodes {
		return list
	}
	return nil
}

// readMemory takes the readings of each program of the run that has ended.
func (c *Collector) readMemory() {
	r := c.run
	for _, list := range r.nodes {
		inOrder(list)
	}
	for _, list := range r.sides {
		inOrder(list)
	}
	native := map[string]map[int]int64{} // what the node used, by program and block
	for i := range r.done {
		if w := &r.done[i]; w.RuntimeClass == record.Native && !failed(w) {
			if used := medianOf(within(r.node(), w.Begun, w.Ended), bytesOf); used != nil {
				if native[w.Program] == nil {
					native[w.Program] = map[int]int64{}
				}
				native[w.Program][w.Block] = used[0]
			}
		}
	}
	for i := range r.done {
		if w := &r.done[i]; !w.Discarded && !failed(w) {
			c.addMemory(w, native[w.Program])
		}
	}
}

func inOrder(list []reading) {
	slices.SortStableFunc(list, func(a, b reading) int { return cmp.Compare(a.at, b.at) })
}

func (c *Collector) addMemory(w *record.Work, native map[int]int64) {
	k := programKey{w.Program, w.RuntimeClass}
	b := c.memory[k]
	if b == nil {
		b = &blocks{}
		c.memory[k] = b
	}
	node := within(c.run.node(), w.Begun, w.Ended)
	instance := within(c.run.sides[w.RuntimeClass], w.Begun, w.Ended)
	b.readings += len(node)
	b.instance = append(b.instance, medianOf(instance, bytesOf)...)
	b.instanceCache = append(b.instanceCache, medianOf(instance, cacheOf)...)
	used := medianOf(node, bytesOf)
	b.node = append(b.node, used...)
	b.nodeCache = append(b.nodeCache, medianOf(node, cacheOf)...)
	for _, r := range instance {
		b.peak = max(b.peak, r.bytes)
	}
	if base, known := native[w.Block]; known && used != nil && w.RuntimeClass != record.Native {
		b.over = append(b.over, used[0]-base)
	}
}

// memories are those of all programs and sides.
func (c *Collector) memories(sides []string) []Memory {
	var list []Memory
	for _, program := range c.programs {
		for _, side := range sides {
			b := c.memory[programKey{program, side}]
			if b == nil || len(b.node)+len(b.instance) == 0 {
				continue
			}
			m := Memory{Program: program, RuntimeClass: side, Readings: b.readings, Instance: middle(b.instance), InstanceCache: middle(b.instanceCache),
				Node: middle(b.node), NodeCache: middle(b.nodeCache)}
			if m.Instance != nil {
				m.InstancePeak = &b.peak
			}
			if len(b.over) > 0 {
				m.Over = &Range{slices.Min(b.over), median(b.over), slices.Max(b.over)}
			}
			list = append(list, m)
		}
	}
	return list
}

func middle(list []int64) *int64 {
	if len(list) == 0 {
		return nil
	}
	m := median(list)
	return &m
}

// curves are those of each side.
func (r *run) curves(sides []string) []Curve {
	var list []Curve
	for _, side := range sides {
		if c := r.curve(side, r.lastTurn(side)); len(c.Points) > 0 {
			list = append(list, c)
		}
	}
	return list
}

// lastTurn is what a side did in the last of the blocks in which the most programs came to
// their end.
func (r *run) lastTurn(side string) (best []record.Work) {
	var turn []record.Work
	for _, w := range r.done {
		if w.RuntimeClass != side || w.Discarded || failed(&w) {
			continue
		}
		if len(turn) > 0 && turn[0].Block != w.Block {
			turn = nil
		}
		if turn = append(turn, w); len(turn) >= len(best) {
			best = turn
		}
	}
	return best
}

func (r *run) curve(side string, turn []record.Work) Curve {
	c := Curve{RuntimeClass: side}
	if len(turn) == 0 {
		return c
	}
	begun := turn[0].Begun
	for _, w := range turn {
		c.Programs = append(c.Programs, CurveProgram{w.Program, w.Begun - begun, w.Ended - begun})
	}
	ended := turn[len(turn)-1].Ended
	instance := within(r.sides[side], begun, ended)
	for _, one := range within(r.node(), begun, ended) {
		p := CurvePoint{After: one.at - begun, Node: one.bytes, Cache: one.cache}
		// The instance is read just after the node.
		for len(instance) > 0 && instance[0].at < one.at {
			instance = instance[1:]
		}
		if len(instance) > 0 && instance[0].at-one.at < maxApart {
			p.Instance = &instance[0].bytes
		}
		c.Points = append(c.Points, p)
	}
	return c
}

// maxApart is how long after a node its instance is still read at the same time.
const maxApart = 50 * time.Millisecond
