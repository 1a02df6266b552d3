package gate

import (
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// block is the two samples of one pass, nil where there is none.
type block struct{ a, b *record.Sample }

// blocksOf are the blocks in their order, without the discarded one. The last block
// may lack a side because the run goes on, or was ended in it; then it is left out,
// unless the run is complete.
func blocksOf(r *record.Run, complete bool) []block {
	var list []block
	place := map[int]int{}
	for i := range r.Samples {
		s := &r.Samples[i]
		isA := s.Variant == record.VariantA
		if s.Discarded || !isA && s.Variant != record.VariantB {
			continue
		}
		at, known := place[s.Block]
		if !known {
			at = len(list)
			place[s.Block], list = at, append(list, block{})
		}
		if isA {
			list[at].a = s
		} else {
			list[at].b = s
		}
	}
	if last := len(list) - 1; last >= 0 && !complete && (list[last].a == nil || list[last].b == nil) {
		list = list[:last]
	}
	return list
}

// abPair is a block in which both sides are known: how long each took, failures
// included.
type abPair struct {
	stat.Pair
	// aFailed and bFailed say that there is no latency: the side timed out, failed, or
	// was not made.
	aFailed, bFailed bool
}

// pairsOf are the blocks in which neither side was answered without being a cold start
// that counts. A side that failed counts as the limit up to which both are known.
func pairsOf(blocks []block) []abPair {
	var highest time.Duration
	for _, k := range blocks {
		for _, s := range []*record.Sample{k.a, k.b} {
			if s != nil {
				highest = max(highest, s.ResponseLatency)
			}
		}
	}
	var pairs []abPair
	for _, k := range blocks {
		if leftOut(k.a) || leftOut(k.b) {
			continue
		}
		p := abPair{aFailed: isFailed(k.a), bFailed: isFailed(k.b)}
		p.Limit = limitOfBlock(k, highest)
		p.Base, p.New = latencyIn(k.a, p.Limit), latencyIn(k.b, p.Limit)
		pairs = append(pairs, p)
	}
	return pairs
}

// leftOut says that the side was answered, but is not proven cold, or an image was
// pulled for it.
func leftOut(s *record.Sample) bool { return s != nil && !s.Failed() && !analysis.Measured(s) }

func isFailed(s *record.Sample) bool { return s == nil || s.Failed() }

// latencyIn is how long the side took, or the limit where it was not answered.
func latencyIn(s *record.Sample, limit time.Duration) time.Duration {
	if isFailed(s) {
		return limit
	}
	return s.ResponseLatency
}

// limitOfBlock is what both sides are known up to: the client timeout, or what had
// passed of it when a side timed out.
func limitOfBlock(k block, highest time.Duration) time.Duration {
	limit := time.Duration(math.MaxInt64)
	for _, s := range []*record.Sample{k.a, k.b} {
		if s == nil {
			continue
		}
		if s.ClientTimeout > 0 {
			limit = min(limit, s.ClientTimeout)
		}
		if s.Censored() {
			limit = min(limit, start.Limit(s))
		}
	}
	if limit == math.MaxInt64 {
		return highest
	}
	return limit
}
