package analysis

import (
	"math"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// LoadRow compares one measure of the loads of two sides, which had the same rate. The
// requests of a load depend on one another, because the same instances serve them: however
// many there are, a load is one observation.
type LoadRow struct {
	Base record.Key `json:"base"`
	New  record.Key `json:"new"`
	Rate string     `json:"rate"`
	// Measure is one of LoadMeasures.
	Measure string `json:"measure"`
	// Of each side.
	BaseLoads LoadValues `json:"baseLoads"`
	NewLoads  LoadValues `json:"newLoads"`
	// Chance is how often chance alone puts all loads of one side beside those of the other,
	// where that is so. It is 1 where it is not. Shown says that it is at most Alpha.
	Chance stat.Real `json:"chance"`
	Shown  bool      `json:"shown"`
}

// LoadValues are the values of a measure in the loads of one side. One is infinite where it
// is a failure.
type LoadValues struct {
	Loads  int       `json:"loads"`
	Median stat.Real `json:"median"`
	Low    stat.Real `json:"low"`
	High   stat.Real `json:"high"`
}

// LoadMeasure is something about a load that is a number, and the less the better.
type LoadMeasure struct {
	Name string
	// Unit is "ns", "share", or empty for a count.
	Unit string
	of   func(*load.Load) (value float64, known bool)
}

// LoadMeasures are those that are compared.
var LoadMeasures = []LoadMeasure{
	{"p50", "ns", func(l *load.Load) (float64, bool) { return latencyOf(l.P50), true }},
	{"p95", "ns", func(l *load.Load) (float64, bool) { return latencyOf(l.P95), true }},
	{"p99", "ns", func(l *load.Load) (float64, bool) { return latencyOf(l.P99), true }},
	{"failed", "share", func(l *load.Load) (float64, bool) { return float64(l.Failures()) / float64(l.Due), true }},
	{"recovered", "ns", recoveredIn},
	{"overshoot", "", func(l *load.Load) (float64, bool) { return float64(l.Instances.Overshoot), true }},
	{"instanceSeconds", "", func(l *load.Load) (float64, bool) { return float64(l.Instances.Seconds), true }},
	{"cpuPerRequest", "ns", func(l *load.Load) (float64, bool) {
		return float64(l.Use.InstanceCPU) / float64(l.Answered), l.Use.InstanceCPU > 0 && l.Answered > 0
	}},
}

func latencyOf(p stat.Point) float64 {
	if p.Failed {
		return math.Inf(1)
	}
	return float64(p.Latency)
}

func recoveredIn(l *load.Load) (float64, bool) {
	if l.Recovery.Never {
		return math.Inf(1), true
	}
	return float64(l.Recovery.Longest), true
}

// loadsOf are the loads of a class at a rate.
type loadsOf struct {
	key  record.Key
	rate string
	list []*load.Load
}

// groupLoads groups loads by class and rate. It leaves out the steps of a search, those
// without a request, and those that cannot be believed.
func groupLoads(loads []load.Load) []loadsOf {
	var groups []loadsOf
	for i := range loads {
		l := &loads[i]
		if l.Step || l.Due == 0 || l.Broken != "" {
			continue
		}
		at := slices.IndexFunc(groups, func(g loadsOf) bool { return g.key == l.Key() && g.rate == l.Rate })
		if at < 0 {
			at, groups = len(groups), append(groups, loadsOf{key: l.Key(), rate: l.Rate})
		}
		groups[at].list = append(groups[at].list, l)
	}
	return groups
}

// compareLoads are the rows of two groups.
func compareLoads(base, new loadsOf) []LoadRow {
	var rows []LoadRow
	for _, m := range LoadMeasures {
		b, n := m.values(base.list), m.values(new.list)
		if len(b) == 0 || len(n) == 0 {
			continue
		}
		row := LoadRow{Base: base.key, New: new.key, Rate: base.rate, Measure: m.Name, BaseLoads: valuesOf(b), NewLoads: valuesOf(n), Chance: 1}
		if b[len(b)-1] < n[0] || n[len(n)-1] < b[0] {
			row.Chance = stat.Real(min(1, 2/choose(len(b)+len(n), len(b))))
		}
		row.Shown = row.Chance <= Alpha
		rows = append(rows, row)
	}
	return rows
}

// values are those of the loads, in ascending order.
func (m LoadMeasure) values(loads []*load.Load) []float64 {
	var list []float64
	for _, l := range loads {
		if v, known := m.of(l); known {
			list = append(list, v)
		}
	}
	slices.Sort(list)
	return list
}

func valuesOf(sorted []float64) LoadValues {
	n := len(sorted)
	return LoadValues{Loads: n, Median: stat.Real(sorted[(n-1)/2]), Low: stat.Real(sorted[0]), High: stat.Real(sorted[n-1])}
}

// choose is how many ways there are to choose k of n.
func choose(n, k int) float64 {
	ways := 1.0
	for i := range k {
		ways = ways * float64(n-i) / float64(i+1)
	}
	return ways
}
