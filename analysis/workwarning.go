package analysis

import (
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/work"
)

// mostWarned is how much of a program's output a warning has.
const mostWarned = 400

// workWarnings say what a reader of the works must know first.
func workWarnings(w *work.Work) []Warning {
	if w == nil {
		return nil
	}
	var list []Warning
	for _, f := range w.Failures {
		text := strings.Join(strings.Fields(f.Error), " ")
		if len(text) > mostWarned {
			text = strings.ToValidUTF8(text[:mostWarned], "") + "…"
		}
		list = append(list, warnCell(Failures, record.Key{RuntimeClass: f.RuntimeClass}, "failures of program %s, which are in no figure: %d, the first with outcome %s: %s", f.Program, f.Times, f.Outcome, text))
	}
	for _, m := range w.Missing {
		list = append(list, warnCell(NotMade, record.Key{RuntimeClass: m.RuntimeClass}, "%d of %d blocks of %s were run", m.Ran, m.Planned, m.Program))
	}
	if !slices.Contains(w.Sides, record.Native) {
		list = append(list, Warning{Code: NoSamples, Message: "the programs did not run natively: there is no base that has no container"})
	}
	return list
}
