package gate

import (
	"fmt"
	"math"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// wanted is how often a judgement is asked to catch a change.
const wanted = 0.8

// scalingPower finds by how much everything would have had to be slower (or,
// for a threshold from below, faster) to be caught as often as wanted. caught
// must not fall as things get worse.
func scalingPower(caught func(factor float64) float64, slower bool) *Power {
	const most = 64
	at := func(worse float64) float64 {
		if slower {
			return 1 + worse
		}
		return 1 / (1 + worse)
	}
	if caught(at(most)) < wanted {
		return &Power{Worse: most, Caught: stat.Real(caught(at(most))), Text: "so few samples could not have failed"}
	}
	worse := 0.0
	if caught(1) < wanted {
		worse = bisect(0, most, func(w float64) bool { return caught(at(w)) < wanted })
	}
	p := &Power{Worse: stat.Real(worse), Caught: stat.Real(caught(at(worse)))}
	if worse == 0 {
		p.Text = fmt.Sprintf("would have caught what was seen, %.0f %% of the time", 100*float64(p.Caught))
		return p
	}
	sign, change := "+", worse
	if !slower {
		sign, change = "-", 1-at(worse)
	}
	p.Text = fmt.Sprintf("would have caught %s%s, %.0f %% of the time", sign, percent(change), 100*float64(p.Caught))
	return p
}

// sharePower finds the share that would have been caught as often as wanted.
func sharePower(limit float64, n int, upper bool) *Power {
	end, caught := shareCatcher(limit, n, upper)
	if caught(end) < wanted {
		return &Power{Worse: stat.Real(math.Abs(end - limit)), Text: "so few samples could not have failed"}
	}
	share := bisect(limit, end, func(s float64) bool { return caught(s) < wanted })
	return &Power{Worse: stat.Real(math.Abs(share - limit)), Caught: stat.Real(caught(share)),
		Text: fmt.Sprintf("would have caught a share of %s, %.0f %% of the time", percent(share), 100*caught(share))}
}

// shareCatcher returns how often a true share would be caught beyond the limit,
// and the worst share there is.
func shareCatcher(limit float64, n int, upper bool) (end float64, caught func(share float64) float64) {
	if upper {
		k := stat.FewestAbove(limit, n, stat.Confidence)
		return 1, func(share float64) float64 { return 1 - stat.Binomial{N: n, P: share}.CDF(k-1) }
	}
	k := stat.MostBelow(limit, n, stat.Confidence)
	return 0, func(share float64) float64 { return stat.Binomial{N: n, P: share}.CDF(k) }
}

// bisect goes from one end, where missed holds, towards the other until it does
// not, and returns the far side of the border.
func bisect(from, to float64, missed func(float64) bool) float64 {
	for range 50 {
		if mid := (from + to) / 2; missed(mid) {
			from = mid
		} else {
			to = mid
		}
	}
	return to
}
