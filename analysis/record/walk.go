package record

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"runtime"
)

// Visitor takes the lines of a run file in their order, without keeping the run in
// memory. Lines whose function is nil are skipped. A function may keep what pointers,
// slices and maps in its line refer to, but not the line itself.
type Visitor struct {
	Header func(*Header)
	// Sample takes samples where they stand, and, at the end of the file, requests whose
	// samples never came.
	Sample   func(*Sample)
	Event    func(*Event)
	Resource func(*Resource)
	// Span takes spans as they stand in the file. Read joins them to samples.
	Span func(*TraceSpan)
	// Interval takes the seconds of a load, in the order in which they were complete.
	Interval func(*Interval)
	// Deployment takes deployments and removals, which their types tell apart.
	Deployment func(*Deployment)
	// Work takes the works, in the order in which they ended.
	Work func(*Work)
}

// Walk reads a run as Read does, gives its lines to the visitor, and returns the rest:
// the complete header, the end and the warnings. The visitor is called from one
// goroutine. When Walk fails, the visitor has had the lines before the broken one.
func Walk(r io.Reader, v Visitor) (*Run, error) {
	in, err := input(r)
	if err != nil {
		return nil, err
	}
	run, seen, open := &Run{}, &audit{}, unproven{}
	v.Sample, v.Interval, v.Deployment = seen.sees(v.Sample), counted(&seen.intervals, v.Interval), counted(&seen.deployments, v.Deployment)
	v.Work = counted(&seen.works, v.Work)
	stop := make(chan struct{})
	defer close(stop)
	for b := range batches(in, stop) {
		<-b.decoded
		if err := b.visit(run, &seen.broken, open, v); err != nil {
			return nil, err
		}
		b.release()
	}
	open.forget(seen)
	open.visit(run, v)
	seen.finish(run)
	open.warn(run)
	return run.check()
}

// batch is some consecutive lines, which one goroutine decodes while another reads the
// next ones.
type batch struct {
	text    []byte
	ends    []int        // of each line in text
	long    map[int]bool // lines that are too long to be kept
	first   int          // number of the first line
	lines   []line
	last    bool  // the file ends here, perhaps in the middle of a line
	cut     bool  // its last line has no line break
	err     error // of reading on, after the lines
	decoded chan struct{}
	free    chan<- *batch
}

// batchBytes is how much text is worth giving to another goroutine.
const batchBytes = 64 << 10

// batches reads all lines, decodes them concurrently and yields them in order.
func batches(in *bufio.Reader, stop <-chan struct{}) <-chan *batch {
	workers := runtime.GOMAXPROCS(0)
	free := make(chan *batch, 2*workers)
	for range cap(free) {
		free <- &batch{free: free}
	}
	work := make(chan *batch, cap(free))
	order := make(chan *batch, cap(free))
	for range workers {
		go func() {
			for b := range work {
				b.decode()
			}
		}()
	}
	go func() {
		defer close(order)
		defer close(work)
		for number := 1; ; {
			var b *batch
			select {
			case b = <-free:
			case <-stop:
				return
			}
			number = b.fill(in, number)
			last := b.last
			order <- b // neither channel is ever full: there are no more batches
			work <- b
			if last {
				return
			}
		}
	}()
	return order
}

// fill reads lines from the one with the number and returns that of the next.
func (b *batch) fill(in *bufio.Reader, number int) int {
	b.text, b.ends, b.long, b.first = b.text[:0], b.ends[:0], nil, number
	b.last, b.cut, b.err, b.decoded = false, false, nil, make(chan struct{})
	for len(b.text) < batchBytes {
		var long bool
		var err error
		b.text, long, err = readLine(in, b.text)
		if long {
			if b.long == nil {
				b.long = map[int]bool{}
			}
			b.long[number] = true
		}
		number++
		b.ends = append(b.ends, len(b.text))
		if err != nil {
			b.last, b.cut = true, true
			if !errors.Is(err, io.EOF) {
				b.err = err
			}
			return number
		}
	}
	return number
}

func (b *batch) decode() {
	defer close(b.decoded)
	if cap(b.lines) < len(b.ends) {
		b.lines = make([]line, len(b.ends))
	}
	b.lines = b.lines[:len(b.ends)]
	from := 0
	for i, to := range b.ends {
		b.lines[i].number = b.first + i
		l := &b.lines[i]
		if l.decode(b.text[from:to]); b.long[l.number] {
			l.blank, l.err = false, errLongLine
		}
		from = to
	}
}

// visit gives the visitor the lines that can be read. A broken last line was cut off
// when the run was killed. The first line must be right: without a header there is no
// run. So must the version be.
func (b *batch) visit(run *Run, broken *brokenLines, open unproven, v Visitor) error {
	if b.err != nil && len(b.lines) > 0 {
		b.lines = b.lines[:len(b.lines)-1] // the failure cut the last one off
	}
	for i := range b.lines {
		l := &b.lines[i]
		if l.blank {
			continue
		}
		if run.End != nil && l.err == nil {
			l.err = errAfterEnd
		}
		if l.err == nil {
			l.visit(run, open, v)
			continue
		}
		var newer *NewerSchemaError
		switch cutOff := b.cut && i == len(b.lines)-1 && run.End == nil; {
		case l.number == 1, errors.As(l.err, &newer), errors.Is(l.err, errSecondHeader):
			return fmt.Errorf("line %d: %w", l.number, l.err)
		case cutOff:
			run.warn("line %d is cut off and was skipped", l.number)
		default:
			broken.add(l.number, l.err)
		}
	}
	return b.err
}

// release gives the batch back to be filled again.
func (b *batch) release() { b.free <- b }
