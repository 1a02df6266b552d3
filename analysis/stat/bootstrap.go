package stat

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Resamples is how often the bootstrap draws.
const Resamples = 10_000

// bracketed says that the samples reach to both sides of the q-quantile.
func (s *Set) bracketed(q float64) bool {
	i := s.Interval(q, Confidence)
	return i.Low != nil && i.High != nil
}

// between is one draw of a quantile: no less than the one point and no more than the
// other.
type between struct{ least, greatest Point }

// pair is one draw of two quantiles.
type pair struct{ base, other between }

// resamplePairs draws the q-quantiles of two sets, each on its own.
func resamplePairs(base, s *Set, q float64, seed uint64) []pair {
	rng := NewRand(seed)
	draws := make([]pair, Resamples)
	for i := range draws {
		draws[i] = pair{base.draw(q, base.fewBeside(s), rng), s.draw(q, s.fewBeside(base), rng)}
	}
	return draws
}

const (
	// fewSamples are too few for the bootstrap beside a set that is muchLarger: what six
	// samples hold varies by less than what they are drawn from, and of a thousand others
	// nothing makes up for it.
	fewSamples = 30
	muchLarger = 3
)

func (s *Set) fewBeside(other *Set) bool { return s.n < fewSamples && other.n >= muchLarger*s.n }

// draw draws where the q-quantile may be. Of many samples it is that of n drawn with
// replacement. Of few it is between the two samples that the binomial distribution
// puts it between, which is where the exact interval comes from.
func (s *Set) draw(q float64, few bool, rng *rand.Rand) between {
	if !few {
		p := s.Order(ResampleRank(q, s.n, s.n, rng))
		return between{p, p}
	}
	below := 0
	for range s.n {
		if rng.Float64() < q {
			below++
		}
	}
	d := between{greatest: Point{Latency: s.highest.Latency, Over: true}}
	if below > 0 {
		d.least = s.Order(below)
	}
	if below < s.n {
		d.greatest = s.Order(below + 1)
	}
	return d
}

// percentile is the interval at Confidence of what a function makes of the
// draws. It gives the least and the greatest value that a draw allows, which
// differ where a draw is censored.
func percentile(draws []pair, of func(pair) (least, greatest float64)) (low, high float64) {
	lows, highs := make([]float64, len(draws)), make([]float64, len(draws))
	same := true
	for i, d := range draws {
		lows[i], highs[i] = of(d)
		same = same && lows[i] == highs[i]
	}
	slices.Sort(lows)
	if same {
		highs = lows
	} else {
		slices.Sort(highs)
	}
	tail := (1 - Confidence) / 2
	return lows[Rank(tail, len(lows))-1], highs[Rank(1-tail, len(highs))-1]
}

// ResampleRank draws the rank, from 1 to n, of the one of n ranked samples that
// is the q-quantile of m drawn from them with replacement.
//
// It is ceil(n*U), where U is the k-th smallest of m uniform numbers and k the
// rank of the quantile, that is a Beta(k, m-k+1) variate. Drawing that is the
// same as resampling, without the cost.
func ResampleRank(q float64, m, n int, rng *rand.Rand) int {
	k := Rank(q, m)
	return Rank(beta(float64(k), float64(m-k+1), rng), n)
}

// NewRand is the generator for a seed.
func NewRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x6b6e636f6c64)) }

// beta draws a Beta(a, b) variate, a and b at least 1.
func beta(a, b float64, rng *rand.Rand) float64 {
	x := gamma(a, rng)
	return x / (x + gamma(b, rng))
}

// gamma draws a Gamma(shape, 1) variate for a shape of at least 1: Marsaglia
// and Tsang, "A simple method for generating gamma variables" (2000).
func gamma(shape float64, rng *rand.Rand) float64 {
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
