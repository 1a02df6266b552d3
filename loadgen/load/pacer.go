package load

import (
	"math"
	"math/rand/v2"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// Pacer makes a pacer for a load of a length. It serves one use. A part that moves from
// one rate to another and has no length of its own takes the rest of the load. The random
// distances come from PCG with the seed and nothing else.
func (s Schedule) Pacer(length time.Duration, seed uint64) vegeta.Pacer {
	switch s.shape {
	case poisson:
		return loadgen.PoissonPacer(s.parts[0].from, rand.New(rand.NewPCG(seed, 0)))
	case sine:
		return sinePacer(s.parts[0])
	}
	var q sequence
	begins := time.Duration(0)
	for _, p := range s.parts {
		if p.length == 0 {
			p.length = max(length-begins, 1)
		}
		q.parts = append(q.parts, stretch{linearPacer(p), begins, begins + p.length})
		begins += p.length
	}
	if last := s.parts[len(s.parts)-1]; s.shape != replay && begins < length {
		q.parts = append(q.parts, stretch{linearPacer{last.to, last.to, length - begins}, begins, length})
	}
	return &q
}

func sinePacer(p part) vegeta.Pacer {
	every := func(rate float64) vegeta.Rate {
		return vegeta.Rate{Freq: 1, Per: time.Duration(float64(time.Second) / rate)}
	}
	return vegeta.SinePacer{Period: p.length, Mean: every((p.from + p.to) / 2), Amp: every((p.to - p.from) / 2), StartAt: vegeta.Trough}
}

// linearPacer goes from one rate to another within a length. Hits come when one half,
// one and a half and so on are due by the rate, so that as many fall into the length as
// it asks for.
//
// Vegeta's own LinearPacer waits by the rate of the moment: from 1 to 500 a second within
// a minute its second hit comes after 2 s, and the next 14 at once. And none of its
// pacers begins at a rate of zero.
type linearPacer part

// Pace is the time until the next hit is due.
func (p linearPacer) Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	n, slope := float64(hits)+0.5, (p.to-p.from)/p.length.Seconds()
	// n = from·t + slope·t²/2
	root := p.from*p.from + 2*slope*n
	if root < 0 || p.from+math.Sqrt(root) == 0 {
		return 0, true // so many are never due
	}
	due := 2 * n / (p.from + math.Sqrt(root))
	if due > p.length.Seconds() {
		return 0, true
	}
	return max(0, time.Duration(due*float64(time.Second))-elapsed), false
}

// Rate is the rate in hits per second.
func (p linearPacer) Rate(elapsed time.Duration) float64 {
	return p.from + (p.to-p.from)*min(1, elapsed.Seconds()/p.length.Seconds())
}

// sequence is pacers one after the other.
type sequence struct {
	parts []stretch
	// at is the current one, and before the hits of those before it.
	at     int
	before uint64
}

// stretch is a pacer with when it begins and ends.
type stretch struct {
	vegeta.Pacer
	begins, ends time.Duration
}

// Pace is the time until the next hit is due.
func (q *sequence) Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	for ; q.at < len(q.parts); q.at++ {
		p := q.parts[q.at]
		into := max(0, elapsed-p.begins)
		if wait, stop := p.Pace(into, hits-q.before); !stop {
			return p.begins + into + wait - elapsed, false
		}
		q.before = hits
	}
	return 0, true
}

// Rate is the rate in hits per second.
func (q *sequence) Rate(elapsed time.Duration) float64 {
	for _, p := range q.parts {
		if elapsed < p.ends {
			return p.Pacer.Rate(elapsed - p.begins)
		}
	}
	return 0
}
