package table_test

import (
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// A side whose program failed each time has a row of dashes, and so has a program of which
// no side has figures.
func TestRowsOfWhatFailed(t *testing.T) {
	r := runtest.Worked()
	for i := range r.Works {
		if w := &r.Works[i]; w.RuntimeClass == "runc" || w.Program == "sysbench-cpu" {
			w.Outcome, w.Error, w.Figures = record.Reset, "broke", nil
		}
	}
	var text strings.Builder
	if err := table.Work(analysis.Summarise(r)).Text(&text); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for line := range strings.Lines(text.String()) {
		got[strings.Join(strings.Fields(line), " ")] = true
	}
	for _, want := range []string{"redis GET, requests/s runc 0 – – – –", "sysbench-cpu – runc 0 – – – –", "native 0 – – – –"} {
		if !got[want] {
			t.Errorf("no row %q in:\n%s", want, text.String())
		}
	}
}
