package page

import (
	"cmp"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
)

// chartSample is one request. Kind is one of the kinds below.
type chartSample struct {
	At      time.Duration `json:"atNs"`
	Latency time.Duration `json:"latencyNs"`
	Kind    int           `json:"kind"`
	Service string        `json:"service"`
	Outcome string        `json:"outcome"`
}

// The kinds of sample in a chart.
const (
	kindCold     = iota // a proven cold start that was answered
	kindTimedOut        // a start that timed out
	kindLeftOut         // not proven cold, or failed otherwise
)

// chartSampleLimit bounds the points of all charts together: a browser draws no
// million of them.
const chartSampleLimit = 12000

// chartSamples are the requests of each cell in the order of time, thinned.
func chartSamples(cells []analysis.Cell, runs []*record.Run) map[record.Key][]chartSample {
	limit, seen := chartSampleLimit/max(len(cells), 1), map[record.Key]int{}
	steps, list := map[record.Key]int{}, map[record.Key][]chartSample{}
	for _, c := range cells {
		steps[c.Key], list[c.Key] = 1+(c.Samples-1)/limit, []chartSample{}
	}
	for _, r := range runs {
		for i := range r.Samples {
			s := &r.Samples[i]
			k := s.Key()
			if s.Discarded {
				continue
			}
			if seen[k]%steps[k] == 0 {
				list[k] = append(list[k], chartSampleOf(s))
			}
			seen[k]++
		}
	}
	for _, l := range list {
		slices.SortStableFunc(l, func(a, b chartSample) int { return cmp.Compare(a.At, b.At) })
	}
	return list
}

func chartSampleOf(s *record.Sample) chartSample {
	c := chartSample{At: s.Sent, Latency: s.ResponseLatency, Kind: kindLeftOut, Service: table.Plain(s.Service), Outcome: table.Plain(string(s.Outcome))}
	switch {
	case s.Censored():
		c.Latency, c.Kind = start.Limit(s), kindTimedOut
	case analysis.IsAnswered(s):
		c.Kind = kindCold
	case s.Cold == record.Proven && s.SpoiledByPull():
		c.Outcome += ", an image was pulled"
	default:
		c.Outcome += ", " + table.Plain(string(s.Cold))
	}
	return c
}
