package page

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/golden"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// writeJSON indents, so that a change of a golden file can be read.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func TestGoldenCharts(t *testing.T) {
	for name, run := range map[string]*record.Run{"real": runtest.Real(t, "../../testdata"), "burst": runtest.Burst(), "scaled": runtest.Scaled(), "load": runtest.Loaded(), "deployed": runtest.Deployed(), "work": runtest.Worked(), "empty": runtest.New("r", "runc").Run()} {
		t.Run(name, func(t *testing.T) {
			golden.Check(t, name+".charts.json", func(w io.Writer) error {
				return writeJSON(w, chartsOf(analysis.Summarise(run), []*record.Run{run}))
			})
		})
	}
}

// The page around the charts: facts, checks, warnings and tables.
func TestGoldenPage(t *testing.T) {
	for name, run := range map[string]*record.Run{"real": runtest.Real(t, "../../testdata"), "troubled": runtest.Troubled(), "scaled": runtest.Scaled(), "load": runtest.Loaded(), "deployed": runtest.Deployed(), "work": runtest.Worked(), "limited": runtest.Limited()} {
		t.Run(name, func(t *testing.T) {
			golden.Check(t, name+".page.json", func(w io.Writer) error {
				page := report(analysis.Summarise(run), []*record.Run{run})
				page.Data = nil
				return writeJSON(w, page)
			})
		})
	}
}

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>{{7}}</script><!--'` + "`${alert(3)}"

// hostileRun has it wherever a run file has text.
func hostileRun() *record.Run {
	r := runtest.New(hostile, hostile, "runc").
		Add(hostile, 1, time.Second, runtest.Phases).Add(hostile, 1, 2*time.Second, runtest.TimedOut).
		Add("runc", 1, time.Second, runtest.Failed(hostile)).Add("runc", 10, time.Second, runtest.Coldness(hostile)).Run()
	r.Header.Command, r.Header.Tool.Version, r.Warnings = hostile, hostile, []string{hostile}
	r.Header.Settings = record.Settings{Other: map[string]any{hostile: hostile, "list": []any{hostile}}}
	r.Header.Classes[0].Image, r.Header.Classes[0].ImageDigest, r.Header.Classes[0].Handler = hostile, hostile, hostile
	r.Header.Cluster = record.Fingerprint{Kubernetes: hostile, CPUModel: hostile, Handlers: []string{hostile}}
	r.End.Reason = hostile
	for i := range r.Samples {
		r.Samples[i].Service = hostile
		for j := range r.Samples[i].Phases {
			r.Samples[i].Phases[j].Clock = hostile
		}
	}
	for _, kind := range []record.Kind{record.EventInstanceCreated, record.EventInstanceReady, record.EventTrialSkipped, record.EventInstanceTrouble,
		record.EventNodeCondition, record.EventLimit, record.EventServicesReady} {
		r.Events = append(r.Events, record.Event{Kind: kind, UID: hostile, Service: hostile, Message: hostile, RuntimeClass: hostile, Value: 1})
	}
	// A round of it, too, so that every chart has its names.
	sweep := runtest.Scale{Classes: []runtest.ScaleClass{{Name: hostile, Group: runtest.MiB, Start: time.Second}}, Services: []int{3}, Blocks: 1}
	scaled := sweep.Run(hostile)
	r.Header.Shape = record.Shape{Rounds: true}
	r.Samples, r.Events, r.Resources = append(r.Samples, scaled.Samples...), append(r.Events, scaled.Events...), scaled.Resources
	return r
}

func page(t *testing.T, runs ...*record.Run) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, analysis.Summarise(runs...), runs...); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAHostileRunFileAddsNoMarkup(t *testing.T) {
	tags := regexp.MustCompile(`(?i)<(/?script|img|!--)`)
	want := tags.FindAllString(page(t, runtest.Three()), -1)
	got := page(t, hostileRun())
	if diff := cmp.Diff(want, tags.FindAllString(got, -1)); diff != "" {
		t.Errorf("scripts and images differ from those of a peaceful run (-want +got):\n%s", diff)
	}
	if strings.Count(got, "alert(1)") < 10 {
		t.Error("the hostile text is not on the page at all")
	}
	var data charts
	text := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindStringSubmatch(got)
	if err := json.Unmarshal([]byte(text[1]), &data); err != nil {
		t.Fatal(err)
	}
	if data.Classes[0] != hostile || data.Cells[0].Samples[0].Service != hostile {
		t.Errorf("the data says %q, want it as it is in the file", data.Classes[0])
	}
}

func TestThePageNeedsNothingElse(t *testing.T) {
	outside := regexp.MustCompile(`(?i)(src|href)\s*=\s*"?(https?:|//)|@import|url\(`)
	text, _, _ := strings.Cut(page(t, runtest.Three()), "<script>")
	if found := outside.FindString(text); found != "" {
		t.Errorf("the page loads %q", found)
	}
}

func TestManySamplesAreThinnedAndSayThis(t *testing.T) {
	draw := runtest.LogNormal(7, time.Second, 0.3)
	run := runtest.New("r", "runc", "crun").Draw("runc", 30000, draw).Draw("crun", 10, draw).Run()
	c := chartsOf(analysis.Summarise(run), []*record.Run{run})
	if got := len(c.Cells[0].Samples); got > chartSampleLimit/2 || got < chartSampleLimit/4 {
		t.Errorf("%d samples of runc are drawn, want about %d", got, chartSampleLimit/2)
	}
	if got := len(c.Cells[1].Samples); got != 10 {
		t.Errorf("%d samples of crun are drawn, want all 10", got)
	}
	if !strings.Contains(c.thinned(), "Of 30010 requests") {
		t.Errorf("thinned() = %q", c.thinned())
	}
	if got := len(c.Cells[0].Ranked); got > curvePoints {
		t.Errorf("the curve has %d points, want at most %d", got, curvePoints)
	}
}

func TestACurveHasItsEndsAndItsTail(t *testing.T) {
	for _, n := range []int{0, 1, 2, curvePoints, curvePoints + 1, 1_000_000} {
		ranks := curveRanks(n)
		if n == 0 {
			if len(ranks) > 0 {
				t.Errorf("no samples have ranks %v", ranks)
			}
			continue
		}
		if ranks[0] != 1 || ranks[len(ranks)-1] != n || !slices.IsSorted(ranks) {
			t.Errorf("ranks of %d go from %d to %d", n, ranks[0], ranks[len(ranks)-1])
		}
	}
	ranks := curveRanks(1_000_000)
	if at, _ := slices.BinarySearch(ranks, 999_900); len(ranks)-at < 40 {
		t.Errorf("only %d of %d points are above p99.99", len(ranks)-at, len(ranks))
	}
}

func TestACurveEndsWhereTimeoutsBegin(t *testing.T) {
	s := stat.NewSet([]time.Duration{1, 2, 3}, []time.Duration{10})
	want := []chartRank{{1, 0, 0.25}, {2, 0.25, 0.5}, {3, 0.5, 0.75}}
	if diff := cmp.Diff(want, ranked(s)); diff != "" {
		t.Errorf("ranked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&chartCensored{Limit: 10, Count: 1, Share: 0.75}, censored(s)); diff != "" {
		t.Errorf("censored (-want +got):\n%s", diff)
	}
	if censored(stat.NewSet([]time.Duration{1}, nil)) != nil {
		t.Error("a set without timeouts is censored")
	}
}

func TestDriftIsShownWhereItIs(t *testing.T) {
	steady, base := runtest.LogNormal(8, time.Second, 0.1), runtest.LogNormal(9, time.Second, 0.1)
	b := runtest.New("r", "steady", "drifting")
	for i := range 80 {
		b.Add("steady", 1, steady()).Add("drifting", 1, base()*time.Duration(100+i)/100)
	}
	run := b.Run()
	s := analysis.Summarise(run)
	list := analysis.DriftsOf(s, []*record.Run{run})
	if len(list) != 2 || list[0].Shown || !list[1].Shown {
		t.Errorf("drifts = %+v, want it of the second class alone", list)
	}
	if state, value, _ := driftCheck(list); state != "bad" || value != "shown" {
		t.Errorf("check = %s, %s", state, value)
	}
}

// The steps of a search follow one another, and other loads all begin at zero.
func TestStepsFollowOneAnother(t *testing.T) {
	seconds := func(searching bool) []int {
		second := runtest.Same(10, time.Millisecond)
		r := runtest.New("r", "runc").Load("runc", time.Second, second, second).Load("runc", time.Second, second).Run()
		r.Header.Settings.UntilFailure = searching
		var all []int
		for _, l := range chartsOf(analysis.Summarise(r), []*record.Run{r}).Loads {
			for _, s := range l.Seconds {
				all = append(all, s.Second)
			}
		}
		return all
	}
	if got := seconds(false); !slices.Equal(got, []int{0, 1, 0}) {
		t.Errorf("loads: seconds %v", got)
	}
	// The second one begins 10 s after the service was at zero, 40 s after the first ended.
	if got := seconds(true); !slices.Equal(got, []int{0, 1, 52}) {
		t.Errorf("steps: seconds %v", got)
	}
}
