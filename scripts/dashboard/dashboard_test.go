// Package dashboard checks that the dashboard for Grafana asks for what there is: Prometheus
// reads the metrics of test runs, and answers each of its queries. It is a module of its own
// because Prometheus is large.
package dashboard

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// dashboard is what of the dashboard is looked at.
type dashboard struct {
	Panels     []panel
	Templating struct {
		List []struct {
			Name, Type string
			Query      any
		}
	}
}

type panel struct {
	ID          int
	Title, Type string
	Datasource  struct{ Type, UID string }
	GridPos     struct{ X, Y, W, H int }
	// Interval is the least time between two points.
	Interval    string
	FieldConfig struct {
		Defaults struct{ Custom struct{ ShowPoints string } }
	}
	Targets []target
}

type target struct {
	Datasource struct{ Type, UID string }
	Expr       string
	RefID      string
	Instant    bool
}

// ago is how long ago the samples are when a query is asked: a run that was sent has one
// sample, and Prometheus looks back for 5 minutes only, unless it is told to. A graph has a
// point each $__interval.
func (q target) ago() time.Duration {
	if q.Instant {
		return 24 * time.Hour
	}
	return 20 * time.Minute
}

func read(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile("../../templates/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// filled is a query as Grafana sends it when everything is chosen.
func filled(t *testing.T, query string) string {
	t.Helper()
	query = strings.NewReplacer("$__range", "30d", "$__interval", "30m", "$runtime_class", ".*", "$services", ".*", "$percentile", "50|95").Replace(query)
	if strings.Contains(query, "$") {
		t.Errorf("a variable is left in %s", query)
	}
	return query
}

// Every query of every panel has an answer in the metrics of some run.
func TestEveryQueryHasAnAnswer(t *testing.T) {
	prometheus, asked := scrape(t), 0
	for _, p := range read(t).Panels {
		if (p.Type == "row") != (len(p.Targets) == 0) {
			t.Errorf("panel %q has %d queries", p.Title, len(p.Targets))
		}
		for _, q := range p.Targets {
			asked++
			query := filled(t, q.Expr)
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(query); err != nil {
				t.Errorf("panel %q: %s: %v", p.Title, query, err)
				continue
			}
			answer, err := prometheus.ask(t.Context(), query, q.ago())
			if err != nil || len(answer) == 0 {
				t.Errorf("panel %q: %s: %d answers, %v", p.Title, query, len(answer), err)
			}
		}
	}
	if asked == 0 {
		t.Error("the dashboard asks nothing")
	}
}

// A query for something that no run has gets no answer, so that the test above can fail.
func TestAWrongNameHasNoAnswer(t *testing.T) {
	answer, err := scrape(t).ask(t.Context(), "kn_coldstart_response_latency_milliseconds_bucket", 0)
	if err != nil || len(answer) != 0 {
		t.Errorf("%d answers, %v", len(answer), err)
	}
}

// query is the only one of a panel.
func query(t *testing.T, title string) target {
	t.Helper()
	for _, p := range read(t).Panels {
		if p.Title == title && len(p.Targets) == 1 {
			return p.Targets[0]
		}
	}
	t.Fatalf("no panel %q with one query", title)
	return target{}
}

// Of two runs one after the other, each scraped again and again, the later one is shown.
func TestTheLatestRunIsShown(t *testing.T) {
	ended := func(reason string, values ...sample) series {
		return series{labels.FromStrings("__name__", "kn_coldstart_run_ended", "reason", reason), values}
	}
	at := func(minute int, value float64) sample {
		return sample{scraped.Add(time.Duration(minute) * time.Minute), value}
	}
	prometheus := database{
		ended("failed", at(-3, 1), at(-2, 1), at(-1, 0), at(0, 0)),
		ended("completed", at(-3, 0), at(-2, 0), at(-1, 1), at(0, 1)),
	}
	for _, ago := range []time.Duration{0, 24 * time.Hour} {
		answer, err := prometheus.ask(t.Context(), filled(t, query(t, "The run ended").Expr), ago)
		if err != nil || len(answer) != 1 || answer[0].Metric.Get("reason") != "completed" {
			t.Errorf("%s ago: %v, %v", ago, answer, err)
		}
	}
}

// What the end of a run cut off was not left unanswered by the function.
func TestCutOffRequestsAreNoFailures(t *testing.T) {
	var prometheus database
	for outcome, count := range map[string]float64{"ok": 3, "timeout": 1, "cutOff": 8} {
		prometheus = append(prometheus, series{
			labels.FromStrings("__name__", "kn_coldstart_load_requests_total", "runtime_class", "runc", "rate", "10/s", "outcome", outcome),
			[]sample{{scraped, count}},
		})
	}
	answer, err := prometheus.ask(t.Context(), filled(t, query(t, "Requests of a load that were not answered").Expr), 0)
	if err != nil || len(answer) != 1 || answer[0].F != 0.25 {
		t.Errorf("%v, %v", answer, err)
	}
}

// A run that was sent is one point, which is to be seen, and no shorter step leaves out
// what Prometheus would find by itself.
func TestGraphsShowSinglePoints(t *testing.T) {
	for _, p := range read(t).Panels {
		if len(p.Targets) == 0 || p.Targets[0].Instant {
			continue
		}
		if p.Interval != "5m" || p.FieldConfig.Defaults.Custom.ShowPoints == "never" {
			t.Errorf("panel %q: least interval %q, points %q", p.Title, p.Interval, p.FieldConfig.Defaults.Custom.ShowPoints)
		}
	}
}

// A quantile that is read off a histogram lies in the bucket of the exact one.
func TestHistogramsAgreeWithQuantiles(t *testing.T) {
	prometheus := scrape(t)
	const where = `{job="real.openmetrics.txt", runtime_class="gvisor"`
	read, err := prometheus.ask(t.Context(), "histogram_quantile(0.5, kn_coldstart_response_latency_seconds_bucket"+where+"})", 0)
	if err != nil || len(read) != 1 {
		t.Fatalf("%v, %v", read, err)
	}
	exact, err := prometheus.ask(t.Context(), "kn_coldstart_response_latency_percentile_seconds"+where+`, percentile="50"}`, 0)
	if err != nil || len(exact) != 1 {
		t.Fatalf("%v, %v", exact, err)
	}
	const low, high = 1.25, 1.5
	for _, value := range []float64{read[0].F, exact[0].F} {
		if value <= low || value > high {
			t.Errorf("%g is not between %g and %g", value, low, high)
		}
	}
}

// The values that can be chosen are those of a label that the metrics have.
func TestVariables(t *testing.T) {
	prometheus := scrape(t)
	for _, v := range read(t).Templating.List {
		if v.Type != "query" {
			continue
		}
		parts := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`).FindStringSubmatch(v.Query.(map[string]any)["query"].(string))
		if parts == nil {
			t.Errorf("variable %s: %v", v.Name, v.Query)
			continue
		}
		answer, err := prometheus.ask(t.Context(), filled(t, parts[1]), 0)
		if err != nil || len(answer) == 0 || answer[0].Metric.Get(parts[2]) == "" {
			t.Errorf("variable %s: %d answers, %v", v.Name, len(answer), err)
		}
	}
}

// Panels have places and numbers of their own, and all ask the data source that is chosen.
func TestPanels(t *testing.T) {
	ids, places := map[int]bool{}, map[[2]int]string{}
	for _, p := range read(t).Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("panel %d (%q) is there twice or has no title", p.ID, p.Title)
		}
		ids[p.ID] = true
		if p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q is out of the grid", p.Title)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := places[[2]int{x, y}]; other != "" {
					t.Fatalf("panels %q and %q overlap", other, p.Title)
				}
				places[[2]int{x, y}] = p.Title
			}
		}
		for _, q := range p.Targets {
			if q.Datasource.UID != "${datasource}" || p.Datasource.UID != "${datasource}" || q.Datasource.Type != "prometheus" || q.RefID == "" {
				t.Errorf("panel %q asks %+v", p.Title, q.Datasource)
			}
		}
	}
}
