package loadgen

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
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

// Validate tells what is wrong with an arrival.
func (a Arrival) Validate() error {
	switch a.Pattern {
	case Burst:
		if a.Rate != 0 {
			return fmt.Errorf("a burst has no rate")
		}
		return nil
	case Uniform, Poisson:
		if !(a.Rate > 0) || math.IsInf(a.Rate, 1) {
			return fmt.Errorf("%s needs a positive rate, such as %s:5 for five requests per second", a.Pattern, a.Pattern)
		}
		return nil
	}
	return fmt.Errorf("want burst, uniform:RATE or poisson:RATE")
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

// offsets are the instants of n requests from the start of a round. A Poisson
// process begins with a distance of its own, the others at once. Its distances
// come from PCG with the given seed and stream alone, so that a run can be
// repeated.
func (a Arrival) offsets(n int, seed, stream uint64) []time.Duration {
	offsets := make([]time.Duration, n)
	random := rand.New(rand.NewPCG(seed, stream))
	at := 0.0
	for i := range offsets {
		switch a.Pattern {
		case Uniform:
			at = float64(i) / a.Rate
		case Poisson:
			at += random.ExpFloat64() / a.Rate
		}
		offsets[i] = time.Duration(at * float64(time.Second))
	}
	return offsets
}
