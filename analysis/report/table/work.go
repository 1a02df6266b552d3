package table

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/analysis/work"
)

// Work has a row for each figure of each side.
func Work(s *analysis.Summary) *Table {
	w := s.Work
	if w == nil {
		return nil
	}
	head := []string{"program", "figure", "runtimeClass", " n", " median", " 95 % interval", " of native", " of " + firstClass(s).RuntimeClass}
	if w.Published != nil {
		head = append(head, " published of native")
	}
	t := New(head...).Spare("95 % interval", "of "+firstClass(s).RuntimeClass)
	for i := range w.Figures {
		f := &w.Figures[i]
		row := []string{f.Program, figureName(f), f.RuntimeClass, fmt.Sprint(f.N), orNone(f.Median), figureInterval(f),
			times(f, f.ToNative, record.Native), times(f, f.ToFirst, firstClass(s).RuntimeClass)}
		if w.Published != nil {
			row = append(row, publishedShare(w, f))
		}
		t.Row(row...)
	}
	t.Ditto(0, 1)
	return t.orNil()
}

// figureName is none where the program failed each time.
func figureName(f *work.Figure) string {
	if f.Name == "" {
		return None
	}
	return f.Name + ", " + f.Unit
}

func orNone(v *float64) string {
	if v == nil {
		return None
	}
	return quantity(*v)
}

// quantity prints three digits, and all of those before the point.
func quantity(v float64) string {
	decimals := 2
	switch size := math.Abs(v); {
	case size >= 99.95:
		decimals = 0
	case size >= 9.995:
		decimals = 1
	}
	return fmt.Sprintf("%.*f", decimals, v)
}

func figureInterval(f *work.Figure) string {
	if f.Low == nil && f.High == nil {
		return None
	}
	end := func(v *float64) string {
		if v == nil {
			return "?"
		}
		return quantity(*v)
	}
	return end(f.Low) + " … " + end(f.High)
}

// times is a ratio to a base, or 1 of the base itself.
func times(f *work.Figure, r *stat.Ratio, base string) string {
	switch {
	case f.RuntimeClass == base && f.N > 0:
		return "1"
	case r == nil:
		return None
	}
	return RatioText(*r)
}

func publishedShare(w *work.Work, f *work.Figure) string {
	p, _ := w.PublishedOf(f.Program, f.RuntimeClass)
	if p == nil || p.High == 0 {
		return None
	}
	return fmt.Sprintf("%.2f … %.2f", p.Low, p.High)
}

// WorkMemory has a row for each program and side.
func WorkMemory(s *analysis.Summary) *Table {
	w := s.Work
	if w == nil {
		return nil
	}
	head := []string{"memory during", "runtimeClass", " instance", " at most", " its cache", " node", " its cache", " over native", " from … to"}
	if w.Published != nil {
		head = append(head, " published over native")
	}
	t := New(head...).Spare("at most", "its cache", "from … to")
	for i := range w.Memory {
		m := &w.Memory[i]
		over, span := None, None
		if m.Over != nil {
			over, span = mebibytes(stat.Real(m.Over.Median)), mebibytes(stat.Real(m.Over.Low))+" … "+mebibytes(stat.Real(m.Over.High))
		}
		row := []string{m.Program, m.RuntimeClass, bytesOrNone(m.Instance), bytesOrNone(m.InstancePeak), bytesOrNone(m.InstanceCache),
			bytesOrNone(m.Node), bytesOrNone(m.NodeCache), over, span}
		if w.Published != nil {
			row = append(row, publishedMemory(w, m))
		}
		t.Row(row...)
	}
	t.Ditto(0)
	return t.orNil()
}

func bytesOrNone(b *int64) string {
	if b == nil {
		return None
	}
	return mebibytes(stat.Real(*b))
}

func publishedMemory(w *work.Work, m *work.Memory) string {
	if _, p := w.PublishedOf(m.Program, m.RuntimeClass); p != nil {
		return p.Memory
	}
	return None
}

// WorkNote explains the table of figures.
func WorkNote(s *analysis.Summary) string {
	note := "Of native: how many times the median of the same programs outside of any container; of a time, more is worse. "
	if !slices.Contains(s.Work.Sides, record.Native) {
		note = ""
	}
	note += fmt.Sprintf("%d programs of the first block, which warms caches, are not counted. ", s.Work.Discarded)
	if len(s.Runs) > 1 {
		note += fmt.Sprintf("Intervals come from how much the %d runs differ.", len(s.Runs))
	} else {
		note += "Intervals are of this run, of blocks that each have an instance of their own: another run may differ by more."
	}
	return note + publishedNote(s.Work)
}

func publishedNote(w *work.Work) string {
	var sources []string
	for _, p := range w.Published {
		if !slices.Contains(sources, p.Source) {
			sources = append(sources, p.Source)
		}
	}
	if len(sources) == 0 {
		return ""
	}
	return " Published, on other machines: " + strings.Join(sources, "; ") + "."
}

// WorkMemoryNote explains the table of memory.
const WorkMemoryNote = "Memory: medians over blocks, of each the median of its readings. Instance: the working set of the pod's cgroup, which a sandbox's own processes are in only as far as the container runtime puts them there; " +
	"node: what is not available to programs; cache: what the kernel keeps of files. Over native: by how much more the node used than while the same program ran natively in the same block; the range is over blocks, and whatever else ran on the node is in it."
