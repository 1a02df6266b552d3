package page

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// charts is what the page's charts draw. The page itself computes nothing.
type charts struct {
	// Classes are the names of the classes, for people.
	Classes  []string           `json:"runtimeClasses"`
	Services []int              `json:"services"`
	Phases   []record.PhaseName `json:"phases"`
	Cells    []*cellChart       `json:"cells"`
	// Instances is nil where no event tells of any.
	Instances *instanceChart `json:"instances,omitempty"`
	// Memory is nil where none was read.
	Memory *memoryChart `json:"memory,omitempty"`
	Loads  []*loadChart `json:"loads,omitempty"`
	// Deployments are the groups of services that were deployed together.
	Deployments []*deployChart `json:"deployments,omitempty"`
	Works       []*workChart   `json:"works,omitempty"`
	// RecoveredLimit is that of the loads.
	RecoveredLimit time.Duration `json:"recoveredLimitNs,omitempty"`

	keys []record.Key // of the classes
}

// cellChart is one class at one number of services. Class is the place of the class in
// charts.Classes.
type cellChart struct {
	Class    int           `json:"class"`
	Services int           `json:"services"`
	Counts   chartCounts   `json:"counts"`
	Measured int           `json:"measured"`
	P50      *chartPoint   `json:"p50,omitempty"`
	P95      *chartPoint   `json:"p95,omitempty"`
	Samples  []chartSample `json:"samples"`
	// Ranked are order statistics up to the first censored one.
	Ranked   []chartRank    `json:"ranked"`
	Censored *chartCensored `json:"censored,omitempty"`
	Phases   []chartPhase   `json:"phases"`
	// Availability is nil where services were not fired together.
	Availability *availabilityChart `json:"availability,omitempty"`
}

type chartCounts struct {
	Samples int     `json:"samples"`
	OK      int     `json:"ok"`
	Share   float64 `json:"share"`
}

// chartPoint is a quantile. An end of its interval that is not known is left out.
type chartPoint struct {
	Latency time.Duration  `json:"latencyNs"`
	Over    bool           `json:"over,omitempty"`
	Low     *time.Duration `json:"lowNs,omitempty"`
	High    *time.Duration `json:"highNs,omitempty"`
}

// chartRank is one order statistic. Below is the share of samples that rank before it,
// and UpTo is that share with the sample itself.
type chartRank struct {
	Latency time.Duration `json:"latencyNs"`
	Below   float64       `json:"below"`
	UpTo    float64       `json:"upTo"`
}

// chartCensored is where the known ranks end: so many samples are over the limit.
type chartCensored struct {
	Limit time.Duration `json:"limitNs"`
	Count int           `json:"count"`
	Share float64       `json:"share"`
}

// chartPhase is a step. It is drawn as long as its median, and ends at the median since
// the request, which are the figures of the table.
type chartPhase struct {
	Phase      int           `json:"phase"`
	From       time.Duration `json:"fromNs"`
	To         time.Duration `json:"toNs"`
	Step       time.Duration `json:"stepNs"`
	Resolution time.Duration `json:"resolutionNs"`
	Clock      string        `json:"clock"`
	// Samples is how many the median since the request is of, StepSamples how many the
	// step is of.
	Samples     int `json:"samples"`
	StepSamples int `json:"stepSamples"`
}

func chartsOf(s *analysis.Summary, runs []*record.Run) *charts {
	c := &charts{Classes: []string{}, Services: []int{}, Phases: []record.PhaseName{}, Cells: []*cellChart{}}
	samples := chartSamples(s.Cells, runs)
	for i := range s.Cells {
		cell := &s.Cells[i]
		c.Cells = append(c.Cells, c.cell(cell, samples[cell.Key]))
		if !slices.Contains(c.Services, cell.Services) {
			c.Services = append(c.Services, cell.Services)
		}
	}
	c.Loads, c.Deployments, c.Works = c.loads(s), c.deployments(s), c.works(s)
	if len(s.Loads) > 0 {
		c.RecoveredLimit = s.Loads[0].Recovery.Limit
	}
	c.Instances, c.Memory = c.instances(runs), c.memory(s)
	return c
}

// class is the place of a class in the list. A class that is new is put there.
func (c *charts) class(k record.Key) int {
	at := place(&c.keys, k.Class())
	if at == len(c.Classes) {
		c.Classes = append(c.Classes, table.Plain(k.Class().String()))
	}
	return at
}

func place[T comparable](list *[]T, v T) int {
	if i := slices.Index(*list, v); i >= 0 {
		return i
	}
	*list = append(*list, v)
	return len(*list) - 1
}

func (c *charts) cell(from *analysis.Cell, samples []chartSample) *cellChart {
	cell := &cellChart{
		Class: c.class(from.Key), Services: from.Services, Measured: from.Measured,
		Counts: chartCounts{Samples: from.Samples, OK: from.OK, Share: float64(from.OK) / float64(max(from.Samples, 1))},
		P50:    chartPercentile(from.P50), P95: chartPercentile(from.P95), Samples: samples,
		Ranked: ranked(from.Latencies), Censored: censored(from.Latencies), Phases: []chartPhase{}, Availability: availabilityOf(from.Availability),
	}
	for i, p := range from.Phases {
		if i > 0 { // the first is the request itself
			cell.Phases = append(cell.Phases, chartPhase{Phase: place(&c.Phases, p.Name), From: p.SinceRequested - p.Step, To: p.SinceRequested,
				Step: p.Step, Resolution: p.Resolution, Clock: table.Plain(p.Clock), Samples: p.Samples, StepSamples: p.StepSamples})
		}
	}
	return cell
}

// measured says that some cell has samples in the quantiles.
func (c *charts) measured() bool {
	return c.has(func(cell *cellChart) bool { return cell.Measured > 0 })
}

// has says that something holds for some cell.
func (c *charts) has(what func(*cellChart) bool) bool { return slices.ContainsFunc(c.Cells, what) }

func chartPercentile(p *analysis.Percentile) *chartPoint {
	if p == nil {
		return nil
	}
	end := func(e *stat.Point) *time.Duration {
		if e == nil || e.Over {
			return nil
		}
		return &e.Latency
	}
	return &chartPoint{Latency: p.Latency, Over: p.Over, Low: end(p.Interval.Low), High: end(p.Interval.High)}
}

// curvePoints bounds how many order statistics a curve is drawn of.
const curvePoints = 400

// ranked takes some of the order statistics: half of them evenly, and half so that the
// tail has as many for each next tenth of the samples.
func ranked(s *stat.Set) []chartRank {
	list, n := []chartRank{}, s.N()
	for _, r := range curveRanks(n) {
		p := s.Order(r)
		if p.Over {
			break
		}
		list = append(list, chartRank{Latency: p.Latency, Below: float64(r-1) / float64(n), UpTo: float64(r) / float64(n)})
	}
	return list
}

func curveRanks(n int) []int {
	var ranks []int
	if n <= curvePoints {
		for r := range n {
			ranks = append(ranks, r+1)
		}
		return ranks
	}
	half := curvePoints / 2
	for i := range half {
		ranks = append(ranks, 1+i*(n-1)/(half-1))
		left := math.Pow(float64(n), float64(i)/float64(half-1))
		ranks = append(ranks, n+1-int(left))
	}
	slices.Sort(ranks)
	return slices.Compact(ranks)
}

// censored is nil where every sample has a rank.
func censored(s *stat.Set) *chartCensored {
	if s.Censored()+s.Failed() == 0 {
		return nil
	}
	limit := s.Limit()
	if limit == 0 { // none timed out
		limit = s.Highest()
	}
	exact := 0
	for exact < s.N() && !s.Order(exact+1).Over {
		exact++
	}
	return &chartCensored{Limit: limit, Count: s.N() - exact, Share: float64(exact) / float64(s.N())}
}

// thinned says that not all samples are drawn.
func (c *charts) thinned() string {
	drawn, all := 0, 0
	for _, cell := range c.Cells {
		drawn, all = drawn+len(cell.Samples), all+cell.Counts.Samples
	}
	if drawn == all {
		return ""
	}
	return fmt.Sprintf(" Of %d requests %d are drawn, evenly in the order of time; curves and tables are of all.", all, drawn)
}
