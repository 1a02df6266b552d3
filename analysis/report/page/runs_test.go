package page

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestSettingsAreInWords(t *testing.T) {
	got := map[string]string{}
	settings := record.Settings{ClientTimeout: 100 * time.Second, ServicesPerClass: 13, Traces: true, Services: []int{1, 10}, MaxServices: 1e6,
		Env: map[string]string{"GOGC": "off"}, Tolerance: &record.Tolerance{Share: 0.1, Absolute: 50 * time.Millisecond},
		A: &record.Side{RuntimeClass: "runc", Image: "x:1", Limits: map[string]string{"cpu": "100m"}}}
	for _, one := range settings.List() {
		got[inWords(one.Name)] = settingText(one.Name, one.Value)
	}
	want := map[string]string{"client timeout": "100s", "services per class": "13", "traces": "yes", "services": "1, 10", "max services": "1000000",
		"env": "GOGC=off", "tolerance": "absolute 50.0ms, share 0.1", "a": "image x:1, limits cpu=100m, runtime class runc"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The bars of the phases and their table say the same.
func TestBarsAreAsLongAsTheTableSays(t *testing.T) {
	run := runtest.Real(t, "../../testdata")
	r := report(analysis.Summarise(run), []*record.Run{run})
	bars := 0
	for _, cell := range r.Data.(*charts).Cells {
		for _, p := range cell.Phases {
			if bars++; p.To-p.From != p.Step {
				t.Errorf("a bar of %v for a step of %v", p.To-p.From, p.Step)
			}
		}
	}
	if bars == 0 {
		t.Error("no bars")
	}
}
