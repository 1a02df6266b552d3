package analysis

import (
	"cmp"
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
	// where that is so. It is 1 where it is not.
	Chance stat.Real `json:"chance"`
	// AdjustedChance is Chance adjusted for all rows about loads of the comparison, which
	// are one family. Shown says that it is at most Alpha.
	AdjustedChance stat.Real `json:"adjustedChance"`
	Shown          bool      `json:"shown"`
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

// groupLoads groups the loads of a summary by class and rate, in the order in which the
// classes were named. It leaves out the steps of a search, those without a request, those
// that were cut off, and those that cannot be believed.
func groupLoads(s *Summary) []loadsOf {
	var groups []loadsOf
	for i := range s.Loads {
		l := &s.Loads[i]
		if l.Step || l.Due == 0 || l.WasCutOff() || l.Broken != "" {
			continue
		}
		at := slices.IndexFunc(groups, func(g loadsOf) bool { return g.key == l.Key() && g.rate == l.Rate })
		if at < 0 {
			at, groups = len(groups), append(groups, loadsOf{key: l.Key(), rate: l.Rate})
		}
		groups[at].list = append(groups[at].list, l)
	}
	var named []record.Key
	for _, r := range s.Runs {
		for _, class := range r.Classes {
			named = append(named, class.Key())
		}
	}
	slices.SortStableFunc(groups, func(a, b loadsOf) int {
		return cmp.Compare(slices.Index(named, a.key), slices.Index(named, b.key))
	})
	return groups
}

// loads compares the groups of two sides that are of the same class and rate.
func (c *comparer) loads(base, new []loadsOf) {
	for _, b := range base {
		at := slices.IndexFunc(new, b.like)
		if at < 0 {
			c.add(warnCell(NoSamples, b.key, "a load at %s that can be compared is only in base", b.rate))
			continue
		}
		c.compareLoads(b, new[at])
	}
	for _, n := range new {
		if !slices.ContainsFunc(base, n.like) {
			c.add(warnCell(NoSamples, n.key, "a load at %s that can be compared is only in new", n.rate))
		}
	}
}

// like says that the other group is of the same class and rate.
func (g loadsOf) like(other loadsOf) bool { return g.key == other.key && g.rate == other.rate }

// loadsWithin compares each group with the first one of its rate that it can be compared
// with, which is the base.
func (c *comparer) loadsWithin(groups []loadsOf, comparable func(base, new record.Key) bool) {
	for i, one := range groups {
		base := slices.IndexFunc(groups, func(g loadsOf) bool { return g.rate == one.rate && comparable(g.key, one.key) })
		if base >= 0 && base != i {
			c.compareLoads(groups[base], one)
		}
	}
}

// compareLoads adds the rows of two groups.
func (c *comparer) compareLoads(base, new loadsOf) {
	for _, m := range LoadMeasures {
		b, n := m.values(base.list), m.values(new.list)
		if len(b) == 0 || len(n) == 0 {
			continue
		}
		row := LoadRow{Base: base.key, New: new.key, Rate: base.rate, Measure: m.Name, BaseLoads: valuesOf(b), NewLoads: valuesOf(n), Chance: 1}
		if b[len(b)-1] < n[0] || n[len(n)-1] < b[0] {
			row.Chance = stat.Real(min(1, 2/choose(len(b)+len(n), len(b))))
		}
		c.result.Loads = append(c.result.Loads, row)
	}
}

// adjustLoads corrects the chances of all rows together.
func adjustLoads(rows []LoadRow) {
	p := make([]float64, len(rows))
	for i := range rows {
		p[i] = float64(rows[i].Chance)
	}
	for i, adjusted := range stat.Holm(p) {
		rows[i].AdjustedChance, rows[i].Shown = stat.Real(adjusted), adjusted <= Alpha
	}
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
