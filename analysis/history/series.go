package history

import (
	"fmt"
	"math"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// candidate is a run that has the cell.
type candidate struct {
	*taken
	header record.Header // with the class of the cell alone
	cell   gate.RunCell
}

// loaded says that the cell is a load.
func (c candidate) loaded() bool { return c.cell.Load != nil }

// size is how many starts or requests the cell has.
func (c candidate) size() int {
	if c.loaded() {
		return c.cell.Load.Due
	}
	return c.cell.Starts.Latencies().N()
}

func (c candidate) apart(format string, args ...any) Apart {
	return Apart{c.header.RunID, c.file, fmt.Sprintf(format, args...)}
}

// seriesOf are the series of one cell. The first one has the runs whose latencies must
// not be judged beside it.
func (b *Builder) seriesOf(k record.Key) []Series {
	var groups [][]candidate
	apart := []Apart{}
	for _, c := range b.candidates(k) {
		if c.cell.Unusable != "" {
			apart = append(apart, c.apart("%s", c.cell.Unusable))
			continue
		}
		at := slices.IndexFunc(groups, func(g []candidate) bool { return g[0].loaded() == c.loaded() && len(b.mismatches(g[0], c)) == 0 })
		if at < 0 {
			at, groups = len(groups), append(groups, nil)
		}
		groups[at] = append(groups[at], c)
	}
	list := make([]Series, max(len(groups), 1))
	for i := range list {
		s := &list[i]
		*s = Series{Key: k, Points: []Point{}, Changes: []Change{}, Apart: []Apart{}}
		if i == 0 {
			s.Apart = apart
		}
		if i < len(groups) {
			s.Differs = b.mismatches(groups[0][0], groups[i][0])
			s.fill(groups[i], b.options)
		}
	}
	return list
}

func (b *Builder) candidates(k record.Key) []candidate {
	var list []candidate
	for i := range b.runs {
		r := &b.runs[i]
		at := slices.IndexFunc(r.cells, func(c gate.RunCell) bool { return c.Key == k })
		if at < 0 {
			continue
		}
		narrow := r.header
		narrow.Classes = slices.DeleteFunc(slices.Clone(narrow.Classes), func(c record.Class) bool { return c.Key() != k.Class() })
		list = append(list, candidate{taken: r, header: narrow, cell: r.cells[at]})
	}
	return list
}

func (b *Builder) mismatches(x, y candidate) []pool.Mismatch {
	return pool.Without(pool.Mismatches(x.header, y.header), b.options.Expected)
}

// fill takes the runs of the series, and looks for changes.
func (s *Series) fill(runs []candidate, o Options) {
	s.Loads = runs[0].loaded()
	runs = s.sized(runs, o.Quantile)
	if s.Loads {
		s.fillLoads(runs, o)
		return
	}
	var lists []start.List
	for _, c := range runs {
		lists = append(lists, c.cell.Starts.First(s.SamplesPerRun))
	}
	limit := gate.Limit(lists)
	var values []float64
	var over []bool
	for i, c := range runs {
		ranked := lists[i].Latencies()
		v, clipped := ranked.LogQuantile(o.Quantile, limit)
		values, over = append(values, v), append(over, clipped)
		s.Points = append(s.Points, c.point(ranked.Quantile(o.Quantile)))
	}
	s.change(values, over, o.Seed)
}

// fillLoads is fill for loads.
func (s *Series) fillLoads(runs []candidate, o Options) {
	var values []float64
	var overs []bool
	for _, c := range runs {
		v, over := gate.LoadLatency(c.cell.Load, o.Quantile, c.header.Settings.ClientTimeout)
		values, overs = append(values, v), append(overs, over)
		s.Points = append(s.Points, c.point(c.cell.Load.Quantile(o.Quantile)))
	}
	s.change(values, overs, o.Seed)
}

// sized leaves out the runs that have too few starts, or so few beside the others that
// all would have to be judged by as few.
func (s *Series) sized(runs []candidate, q float64) []candidate {
	var sizes []int
	for _, c := range runs {
		sizes = append(sizes, c.size())
	}
	sorted := slices.Sorted(slices.Values(sizes))
	least := max(gate.SamplesNeeded(q), (sorted[len(sorted)/2]+1)/2)
	s.SamplesPerRun = math.MaxInt
	var kept []candidate
	for i, c := range runs {
		if sizes[i] < least {
			s.Apart = append(s.Apart, c.apart("it has %d %s, and it takes %d to stand beside the others", sizes[i], s.counted(), least))
			continue
		}
		kept, s.SamplesPerRun = append(kept, c), min(s.SamplesPerRun, sizes[i])
	}
	if kept == nil {
		s.SamplesPerRun = 0
	}
	return kept
}

// counted is what a run has many of.
func (s *Series) counted() string {
	if s.Loads {
		return "requests"
	}
	return "starts"
}

func (c candidate) point(value stat.Point) Point {
	p := Point{RunID: c.header.RunID, File: c.file, Started: c.header.Started, Label: c.label, Tool: c.header.Tool, Value: value,
		Starts: len(c.cell.Starts), Failed: c.cell.Starts.Count(start.TimedOut, start.Failed, start.NotMade)}
	if l := c.cell.Load; l != nil {
		p.Starts, p.Failed = l.Due, l.Failures()
	}
	if len(c.header.Classes) > 0 {
		p.Image, p.ImageDigest = c.header.Classes[0].Image, c.header.Classes[0].ImageDigest
	}
	return p
}
