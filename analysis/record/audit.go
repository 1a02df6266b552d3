package record

import (
	"errors"
	"hash/maphash"
	"slices"
	"time"
)

// errAfterEnd is a line of a run that had ended: something was added to its file.
var errAfterEnd = errors.New("it follows the line that ends the run")

// audit looks while a run is read whether its file still holds what the run wrote.
type audit struct {
	broken brokenLines
	// marks has a number for each sample. It is all that is kept of samples, of which
	// there may be more than fit into memory.
	marks []uint64
	// intervals and works count the lines of either type, and deployments those of deployments
	// and removals.
	intervals, works, deployments int
	// untimed counts the samples whose times contradict one another.
	untimed int
}

// identity is what no two samples of a run have in common.
type identity struct {
	namespace, service string
	sent, done         time.Duration
}

// identitySeed makes marks comparable within one process.
var identitySeed = maphash.MakeSeed()

func mark(s *Sample) uint64 {
	return maphash.Comparable(identitySeed, identity{s.Namespace, s.Service, s.Sent, s.Done})
}

// timesAgree is how far a latency may be from the difference of its instants: other
// writers may round them.
const timesAgree = time.Millisecond

// sees returns a visitor of samples that looks at each before f does.
func (a *audit) sees(f func(*Sample)) func(*Sample) {
	return func(s *Sample) {
		a.marks = append(a.marks, mark(s))
		if (s.ResponseLatency - (s.Done - s.Sent)).Abs() > timesAgree {
			a.untimed++
		}
		call(f, s)
	}
}

// counted returns a visitor of lines that counts each before f takes it.
func counted[T any](n *int, f func(*T)) func(*T) {
	return func(v *T) {
		*n++
		call(f, v)
	}
}

// sorted are the marks of the samples that were seen.
func (a *audit) sorted() []uint64 {
	slices.Sort(a.marks)
	return a.marks
}

// finish says in the run what was found.
func (a *audit) finish(run *Run) {
	a.broken.finish(run)
	if n := a.twice(); n > 0 {
		run.damaged("%d samples are in it twice", n)
	}
	if n := a.untimed; n > 0 {
		run.damaged("the latency of %d samples is not the time from sentNs to doneNs", n)
	}
	if n := len(a.marks); run.End != nil && n > run.End.Samples {
		run.damaged("it has %d samples, and the run wrote %d", n, run.End.Samples)
	}
	if run.End != nil && a.intervals != run.End.Intervals {
		run.damaged("it has %d intervals, and the run wrote %d", a.intervals, run.End.Intervals)
	}
	if run.End != nil && a.deployments != run.End.Deployments {
		run.damaged("it has %d deployments and removals, and the run wrote %d", a.deployments, run.End.Deployments)
	}
	if run.End != nil && a.works != run.End.Works {
		run.damaged("it has %d works, and the run wrote %d", a.works, run.End.Works)
	}
	run.Header.Contents = a.contents(run.Header.Started)
}

// twice counts the samples that stand in the file once more.
func (a *audit) twice() int {
	n, marks := 0, a.sorted()
	for i := 1; i < len(marks); i++ {
		if marks[i] == marks[i-1] {
			n++
		}
	}
	return n
}

// contents is one number for all samples, whatever their order.
func (a *audit) contents(started time.Time) uint64 {
	if len(a.marks) == 0 {
		return 0
	}
	sum := maphash.Comparable(identitySeed, started.UnixNano())
	for _, mark := range a.marks {
		sum += mark
	}
	return sum
}

// brokenLines are the lines that were skipped because they could not be read.
type brokenLines struct {
	count int
	first int
	why   error
}

func (b *brokenLines) add(number int, why error) {
	if b.count == 0 {
		b.first, b.why = number, why
	}
	b.count++
}

// finish tells of all broken lines at once: there may be thousands.
func (b *brokenLines) finish(run *Run) {
	switch {
	case b.count == 1:
		run.damaged("line %d is broken and was skipped: %v", b.first, b.why)
	case b.count > 1:
		run.damaged("%d lines are broken and were skipped, line %d first: %v", b.count, b.first, b.why)
	}
}
