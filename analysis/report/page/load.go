package page

import (
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// loadChart is one load, second by second.
type loadChart struct {
	Class   int             `json:"class"`
	Seconds []secondOfChart `json:"seconds"`
}

// secondOfChart is one second of a load. Lost says that its p99 falls on a request that
// failed. What does so is drawn where the slowest answer of the load is.
type secondOfChart struct {
	Second    int           `json:"second"`
	Due       int           `json:"due"`
	Failed    int           `json:"failed"`
	P50       time.Duration `json:"p50Ns"`
	P99       time.Duration `json:"p99Ns"`
	Lost      bool          `json:"lost,omitempty"`
	Wanted    int           `json:"wanted"`
	Ready     int           `json:"ready"`
	Answering int           `json:"answering"`
}

// secondLimit bounds the seconds of one load that are drawn.
const secondLimit = 2000

// together is of how many seconds of a load one is drawn.
func together(l *load.Load) int { return 1 + (len(l.Seconds)-1)/secondLimit }

// worstSeconds are those of a load that are drawn: of several together the worst one.
func worstSeconds(l *load.Load) []*load.Second {
	var list []*load.Second
	for some := range slices.Chunk(l.Seconds, together(l)) {
		worst := &some[0]
		for i := range some {
			if worse(&some[i], worst) {
				worst = &some[i]
			}
		}
		list = append(list, worst)
	}
	return list
}

// worse says that p99 of a second is higher than that of another. A failure is the highest.
func worse(a, b *load.Second) bool {
	if a.P99.Failed != b.P99.Failed {
		return a.P99.Failed
	}
	return a.P99.Latency > b.P99.Latency
}

// loads are the charts of all loads. The steps of a search follow one another, in seconds
// since the first one began.
func (c *charts) loads(s *analysis.Summary) []*loadChart {
	var list []*loadChart
	searches := map[[2]string]time.Duration{} // when they began, by run and service
	for i := range s.Loads {
		l := &s.Loads[i]
		of := [2]string{l.RunID, l.Service}
		if _, begun := searches[of]; !begun || !l.Step {
			searches[of] = l.Begin
		}
		before := int((l.Begin - searches[of]) / time.Second)
		chart := &loadChart{Class: c.class(l.Key()), Seconds: []secondOfChart{}}
		for _, worst := range worstSeconds(l) {
			second := secondOf(worst, l.Max.Latency)
			second.Second += before
			chart.Seconds = append(chart.Seconds, second)
		}
		list = append(list, chart)
	}
	return list
}

func secondOf(s *load.Second, slowest time.Duration) secondOfChart {
	height := func(p stat.Point) time.Duration {
		if p.Failed {
			return slowest
		}
		return p.Latency
	}
	return secondOfChart{Second: s.Second, Due: s.Due, Failed: s.Failures(), P50: height(s.P50), P99: height(s.P99), Lost: s.P99.Failed,
		Wanted: s.Wanted, Ready: s.Ready, Answering: s.Answering}
}

// loadFigures are the latency of loads over the instances that there were meanwhile.
func loadFigures(s *analysis.Summary) []templates.Figure {
	if len(s.Loads) == 0 {
		return nil
	}
	used := table.Used(s)
	long := longNote(s)
	return []templates.Figure{
		{ID: "loadLatency", Title: "Latency under load, second by second",
			Lead: "p99 of the requests that were due within each second, solid, and their median, dotted. The dashed line is " + stat.Format(s.Loads[0].Recovery.Limit) +
				", under which p99 has recovered. A hollow triangle is a second in which more than one request in a hundred failed: its p99 is slower than any latency, and drawn where the slowest answer of the load is." + long,
			Table: htmlTable("The load by second", table.Seconds(s))},
		{ID: "loadInstances", Title: "Instances under load",
			Lead:  "How many instances the autoscaler wanted at the end of each second, dashed, how many were Ready, solid, and how many answered requests of that second, dotted." + long,
			Table: htmlTable("Instances of each load", table.Scaling(s))},
		when(used != nil, templates.Figure{ID: "loadUse", Title: "What the load took", Lead: table.UseNote, Plain: true, Table: htmlTable("Processors and memory of each load", used)}),
	}
}

// longNote says that not every second is drawn, of loads that have too many.
func longNote(s *analysis.Summary) string {
	most := 1
	for i := range s.Loads {
		most = max(most, together(&s.Loads[i]))
	}
	if most == 1 {
		return ""
	}
	return fmt.Sprintf(" Of loads of more than %d seconds not every second is drawn, but of up to %d together the one with the highest p99.", secondLimit, most)
}

// resultsOf is the first table of the page.
func resultsOf(s *analysis.Summary) templates.Table {
	if onlyLoads(s) {
		return htmlTable("Latency of the requests of each load, from when they were due", table.Loads(s))
	}
	if onlyWork(s) {
		return htmlTable("What the programs measured", table.Work(s))
	}
	return htmlTable("Latency from the request to the last byte, of the proven cold starts", table.Summary(s))
}
