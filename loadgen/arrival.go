package loadgen

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Pattern is how requests that belong together arrive.
type Pattern string

// The patterns. They change a result by an order of magnitude, and are recorded.
const (
	Burst   Pattern = "burst"   // all at once
	Uniform Pattern = "uniform" // at equal distances
	Poisson Pattern = "poisson" // at exponentially distributed distances
)

// Arrival is an arrival pattern with its rate. As text, in flags and in JSON, it
// is "burst", "uniform:RATE" or "poisson:RATE", the rate in requests per second.
type Arrival struct {
	Pattern Pattern
	// Rate is in requests per second, zero for a burst.
	Rate float64
}

// ParseArrival reads an arrival as String writes it.
func ParseArrival(text string) (Arrival, error) {
	pattern, rate, paced := strings.Cut(text, ":")
	a := Arrival{Pattern: Pattern(pattern)}
	if paced {
		var err error
		if a.Rate, err = strconv.ParseFloat(rate, 64); err != nil {
			return Arrival{}, fmt.Errorf("arrival %q: the rate %q is not a number of requests per second", text, rate)
		}
	}
	if err := a.Validate(); err != nil {
		return Arrival{}, fmt.Errorf("arrival %q: %w", text, err)
	}
	return a, nil
}

// The bounds of a rate, in requests per second: one a day, and more than one client
// can send.
const (
	leastRate = 1.0 / (24 * 60 * 60)
	mostRate  = 100_000
)

// pattern is what there is to know of an arrival pattern: a new one is a row more.
type pattern struct {
	name  Pattern
	paced bool // it has a rate
	// pacer says when the requests are due. A burst has none: it is fired from a
	// barrier.
	pacer func(rate float64, random *rand.Rand) vegeta.Pacer
}

var patterns = []pattern{
	{Burst, false, nil},
	{Uniform, true, func(rate float64, _ *rand.Rand) vegeta.Pacer {
		return vegeta.ConstantPacer{Freq: 1, Per: time.Duration(float64(time.Second) / rate)}
	}},
	{Poisson, true, PoissonPacer},
}

func (a Arrival) pattern() (pattern, bool) {
	at := slices.IndexFunc(patterns, func(p pattern) bool { return p.name == a.Pattern })
	if at < 0 {
		return pattern{}, false
	}
	return patterns[at], true
}

// Validate tells what is wrong with an arrival.
func (a Arrival) Validate() error {
	p, known := a.pattern()
	switch {
	case !known:
		return errors.New("want burst, uniform:RATE or poisson:RATE")
	case !p.paced && a.Rate != 0:
		return fmt.Errorf("a %s has no rate", a.Pattern)
	case p.paced && !(a.Rate > 0):
		return fmt.Errorf("%s needs a positive rate, such as %s:5 for five requests per second", a.Pattern, a.Pattern)
	case p.paced && (a.Rate < leastRate || a.Rate > mostRate):
		return fmt.Errorf("a rate of %g a second makes no sense: want one from one a day to %d a second", a.Rate, mostRate)
	}
	return nil
}

// String is the arrival as flags have it.
func (a Arrival) String() string {
	if a.Pattern == Burst || a.Pattern == "" {
		return string(a.Pattern)
	}
	return string(a.Pattern) + ":" + strconv.FormatFloat(a.Rate, 'g', -1, 64)
}

// MarshalText writes the arrival as String does.
func (a Arrival) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (a *Arrival) UnmarshalText(text []byte) (err error) {
	*a, err = ParseArrival(string(text))
	return err
}

// dues are when n requests are due, from the start of a round. A Poisson process
// begins with a distance of its own, the others at once. Its distances come from PCG
// with the given seed and stream alone, so that a run can be repeated.
func (a Arrival) dues(n int, seed, stream uint64) []time.Duration {
	dues := make([]time.Duration, n)
	p, known := a.pattern()
	if !known || p.pacer == nil {
		return dues
	}
	pacer, at := p.pacer(a.Rate, rand.New(rand.NewPCG(seed, stream))), time.Duration(0)
	for i := range dues {
		wait, _ := pacer.Pace(at, uint64(i))
		at += wait
		dues[i] = at
	}
	if a.Pattern == Uniform && n > 0 { // a constant pacer waits once before its first
		for i, first := 0, dues[0]; i < n; i++ {
			dues[i] -= first
		}
	}
	return dues
}

// PoissonPacer is a pacer whose hits are at exponentially distributed distances, at a
// mean rate of hits per second. It serves one use.
func PoissonPacer(rate float64, random *rand.Rand) vegeta.Pacer {
	return &poissonPacer{rate: rate, random: random}
}

type poissonPacer struct {
	rate   float64
	random *rand.Rand
	at     float64 // seconds from the start to the latest hit
}

// Pace is the time until the next hit is due.
func (p *poissonPacer) Pace(elapsed time.Duration, _ uint64) (wait time.Duration, stop bool) {
	p.at += p.random.ExpFloat64() / p.rate
	return max(0, time.Duration(p.at*float64(time.Second))-elapsed), false
}

// Rate is the mean rate in hits per second.
func (p *poissonPacer) Rate(time.Duration) float64 { return p.rate }
