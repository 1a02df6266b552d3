// Package stat is the arithmetic of the results: quantiles that know which
// samples are only lower bounds, their exact intervals, and the tests that say
// whether two sets differ.
//
// It knows numbers, not runs. Nothing here rounds, drops or averages away a
// censored sample: a quantile that lies among them is a Point that is Over a
// limit, and an interval that the samples do not reach has no end on that side.
// Whatever draws random numbers takes a seed and gives the same answer twice.
package stat

import (
	"encoding/json"
	"math"
)

// Confidence of every interval and bound that the reports print.
const Confidence = 0.95

// Real is a float64 that JSON can hold: what is not finite becomes null.
type Real float64

// MarshalJSON writes null for an infinity or a value that is not a number.
func (r Real) MarshalJSON() ([]byte, error) {
	if f := float64(r); math.IsInf(f, 0) || math.IsNaN(f) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(r))
}
