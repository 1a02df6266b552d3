package headway

import (
	"math"
	"slices"
	"strings"
	"time"
)

// spread counts latencies in classes, each a quarter longer than the one before.
type spread struct {
	counts   [spreadClasses]int
	min, max time.Duration
}

// The classes begin at a millisecond and reach beyond an hour.
const (
	spreadClasses = 70
	spreadFrom    = time.Millisecond
	spreadStep    = 1.25
)

func (s *spread) add(d time.Duration) {
	d = max(d, 1)
	class := int(math.Log(float64(max(d, spreadFrom))/float64(spreadFrom)) / math.Log(spreadStep))
	s.counts[min(class, spreadClasses-1)]++
	if s.min == 0 || d < s.min {
		s.min = d
	}
	s.max = max(s.max, d)
}

// draw is a bar for each class from the shortest latency to the longest, of which several
// share a bar where there are more than that.
func (s *spread) draw(most int) string {
	from := slices.IndexFunc(s.counts[:], func(n int) bool { return n > 0 })
	if from < 0 {
		return ""
	}
	to := spreadClasses
	for s.counts[to-1] == 0 {
		to--
	}
	share := (to - from + most - 1) / most
	var values []float64
	for classes := range slices.Chunk(s.counts[from:to], share) {
		sum := 0
		for _, n := range classes {
			sum += n
		}
		values = append(values, float64(sum))
	}
	return bars(values)
}

var heights = []rune("▁▂▃▄▅▆▇█")

// bars draws values as bars of which the highest is full. What is nothing is a blank.
func bars(values []float64) string {
	if len(values) == 0 {
		return ""
	}
	top := slices.Max(values)
	var b strings.Builder
	for _, v := range values {
		if v <= 0 {
			b.WriteRune(' ')
			continue
		}
		b.WriteRune(heights[int(v/top*float64(len(heights)-1)+0.5)])
	}
	return b.String()
}
