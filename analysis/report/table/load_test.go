package table

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// cellsOf are the cells of a row from the column with a heading on.
func cellsOf(t *testing.T, table *Table, row int, heading string) []string {
	t.Helper()
	at := slices.IndexFunc(table.Head, func(h Heading) bool { return h.Text == heading })
	if at < 0 {
		t.Fatalf("no column %q in %+v", heading, table.Head)
	}
	return table.Rows[row][at:]
}

// What a load did not show is not zero.
func TestALoadThatShowsNothing(t *testing.T) {
	quick := runtest.Same(10, time.Millisecond)
	broken := runtest.New("r", "runc").Load("runc", time.Second, quick, quick).Run()
	broken.Intervals[1].Answered = 11
	for name, run := range map[string]*record.Run{
		"broken": broken,
		"empty":  runtest.New("r", "runc").Load("runc", time.Second, runtest.Second{}).Run(),
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]string{None, None, None, None, None}, cellsOf(t, Loads(analysis.Summarise(run)), 0, "p50")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestASecondWithoutARequest(t *testing.T) {
	s := analysis.Summarise(runtest.New("r", "runc").Load("runc", time.Second, runtest.Same(10, time.Millisecond), runtest.Second{}).Run())
	if diff := cmp.Diff([]string{None, None, None, None}, cellsOf(t, Seconds(s), 1, "p50")[:4]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProcessorsThatWereReadOnce(t *testing.T) {
	r := runtest.New("r", "runc").Load("runc", time.Second, runtest.Same(10, time.Millisecond)).Run()
	r.Resources = slices.DeleteFunc(r.Resources, func(u record.Resource) bool {
		return u.Scope == record.ScopeNode && u.At != runtest.LoadBegin
	})
	if got := cellsOf(t, Used(analysis.Summarise(r)), 0, "processors busy")[0]; got != None {
		t.Errorf("processors are busy to %q", got)
	}
}
