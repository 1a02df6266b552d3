package stat

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Resamples is how often the bootstrap draws.
const Resamples = 10_000

// Ratio is how many times larger one quantile is than another, with an interval
// at Confidence. High is infinite where a censored sample leaves it open.
type Ratio struct {
	Value Real `json:"value"`
	// Over says that the numerator is censored: the ratio is more than Value.
	Over bool `json:"over,omitempty"`
	Low  Real `json:"low"`
	High Real `json:"high"`
	// Interval says that Low and High are known; it takes enough samples that
	// each quantile has an interval of its own.
	Interval bool `json:"interval"`
}

// RatioOf is the q-quantile of s over that of base. ok is false when either set
// is empty, or the quantile of base is censored or not positive.
//
// The interval is the percentile bootstrap of the two quantiles, each resampled
// on its own. A quantile of a resample is the order statistic whose rank is
// ceil(n*U), where U is the rank-th of n uniform numbers, that is a Beta(rank,
// n-rank+1) variate; drawing that is the same as resampling, without the cost.
func RatioOf(base, s *Set, q float64, seed uint64) (r Ratio, ok bool) {
	if base.n == 0 || s.n == 0 {
		return Ratio{}, false
	}
	b, v := base.Quantile(q), s.Quantile(q)
	if b.Over || b.Latency <= 0 {
		return Ratio{}, false
	}
	r = Ratio{Value: Real(float64(v.Latency) / float64(b.Latency)), Over: v.Over}
	if !base.bracketed(q) || !s.bracketed(q) {
		return r, true
	}
	r.Interval = true
	lows, highs := resampleRatios(base, s, q, NewRand(seed))
	tail := (1 - Confidence) / 2
	r.Low = Real(lows[rank(tail, Resamples)-1])
	r.High = Real(highs[rank(1-tail, Resamples)-1])
	return r, true
}

// bracketed says that the samples reach to both sides of the q-quantile.
func (s *Set) bracketed(q float64) bool {
	i := s.Interval(q, Confidence)
	return i.Low != nil && i.High != nil
}

// resampleRatios draws the ratio Resamples times and returns the least and the
// greatest value that each draw allows, both sorted.
func resampleRatios(base, s *Set, q float64, rng *rand.Rand) (lows, highs []float64) {
	lows, highs = make([]float64, Resamples), make([]float64, Resamples)
	for i := range Resamples {
		b, v := base.resample(q, rng), s.resample(q, rng)
		lows[i] = float64(v.Latency) / float64(b.Latency)
		highs[i] = lows[i]
		if b.Over { // the denominator may be anything above its limit
			lows[i] = 0
		}
		if v.Over {
			highs[i] = math.Inf(1)
		}
	}
	slices.Sort(lows)
	slices.Sort(highs)
	return lows, highs
}

// resample is the q-quantile of n samples drawn from s with replacement.
func (s *Set) resample(q float64, rng *rand.Rand) Point {
	k := s.Rank(q)
	return s.Order(rank(beta(float64(k), float64(s.n-k+1), rng), s.n))
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
