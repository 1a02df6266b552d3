package table

import (
	"cmp"
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/handler"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Handlers has what the handlers of the classes cost to have. Of starts at once, it has the
// largest number.
func Handlers(s *analysis.Summary) *Table {
	t := New("runtimeClass", "version of its handler", " files", " with libraries", " idle processes", " their memory",
		" started in turn", " start", " stop", " at once", " all run after", " memory of each", " all gone after").
		Spare("with libraries", "started in turn", "version of its handler", "all gone after", "memory of each", "idle processes")
	for i := range s.Handlers {
		c := &s.Handlers[i]
		files, all := c.Size()
		row := []string{c.RuntimeClass, cmp.Or(c.Version, None), megabytes(files), megabytes(all), orNothing(len(c.Idle)), mebibytesOf(c.Memory(), 1),
			orNothing(c.InTurn.Count), pointOrNone(handler.Median(c.InTurn.Start, c.InTurn.Count)), pointOrNone(handler.Median(c.InTurn.Stop, c.InTurn.Count))}
		var most handler.Starts
		for _, starts := range c.AtOnce {
			if starts.Count > most.Count {
				most = starts
			}
		}
		t.Row(append(row, orNothing(most.Count), pointOrNone(handler.Last(most.Start, most.Count)),
			mebibytesOf(most.MemoryBytes, most.Count), pointOrNone(handler.Last(most.Stop, most.Count)))...)
	}
	return t.orNil()
}

// HandlerNote says where the figures are from.
const HandlerNote = "Handlers: what each costs to have, measured by 'kn-coldstart cluster handlers' below Kubernetes, and not by these runs. " +
	"Memory is the proportional set size of the processes of an instance that does nothing. Start and stop are medians of instances that were started one after the other; " +
	"at once, all count from the same moment. One that failed is slower than any."

func orNothing(n int) string {
	if n == 0 {
		return None
	}
	return fmt.Sprint(n)
}

func pointOrNone(p *stat.Point) string {
	if p == nil {
		return None
	}
	return p.String()
}

func megabytes(bytes int64) string {
	if bytes == 0 {
		return None
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

// mebibytesOf is the share of each of several instances.
func mebibytesOf(bytes int64, of int) string {
	if bytes == 0 || of == 0 {
		return None
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/float64(of)/(1<<20))
}
