package gate

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// lasting is by how much the services of a side differ for as long as the run lasts.
// A service that never changes side lends what is lasting in it to its side, and no
// number of blocks takes that away: only more services, or services that change sides
// at random, do.
type lasting struct {
	// half is how much of the logarithm of the ratio the services may explain.
	half float64
	// alone says that each side is one service, so that nothing can be said of it.
	alone bool
}

// lastingOf compares the services of each side with one another. Where services
// appear on both sides, the random order has done what is needed.
func lastingOf(r *record.Run) lasting {
	sides := map[string]map[string][]float64{record.VariantA: {}, record.VariantB: {}}
	for i := range r.Samples {
		s := &r.Samples[i]
		if of := sides[s.Variant]; of != nil && analysis.IsAnswered(s) {
			of[s.Service] = append(of[s.Service], math.Log(math.Max(float64(s.ResponseLatency), 1)))
		}
	}
	a, b := sides[record.VariantA], sides[record.VariantB]
	for service := range a {
		if b[service] != nil {
			return lasting{}
		}
	}
	l := lasting{alone: len(a) == 1 && len(b) == 1}
	g, ok := stat.GroupsOf(valuesOf(a), valuesOf(b))
	if !ok || g.P > analysis.Alpha {
		return l
	}
	l.half = stat.Student(g.Free, 1-alphaWithin/2) * math.Sqrt(g.Between*(1/float64(len(a))+1/float64(len(b))))
	return l
}

func valuesOf(groups map[string][]float64) [][]float64 {
	var list [][]float64
	for _, service := range slices.Sorted(maps.Keys(groups)) { // in one order, so that sums are the same each time
		list = append(list, groups[service])
	}
	return list
}

// allow keeps a verdict only if the services' differences do not explain it away.
func (l lasting) allow(v Verdict, c *Change) Verdict {
	if l.half == 0 {
		return v
	}
	change, limit := math.Log(float64(c.Ratio.Value)), math.Log1p(c.Tolerance)
	switch {
	case v == Fail && change <= l.half, v == Pass && change+l.half >= limit:
		return Inconclusive
	}
	return v
}

// reason says what is known of the services; empty where that is nothing.
func (l lasting) reason() string {
	switch {
	case l.half > 0:
		return fmt.Sprintf("; services of one side differ lastingly, which explains up to %s: give each side more of them", signedPercent(math.Expm1(l.half)))
	case l.alone:
		return "; each side is one service, and what is lasting in it counts as the side's"
	}
	return ""
}
