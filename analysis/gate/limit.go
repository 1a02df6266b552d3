package gate

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// What no cold start is shorter or longer than. A limit beyond them is one in a wrong
// unit, such as 900m, which is 15 hours.
const (
	shortest = float64(time.Millisecond)
	longest  = time.Hour
)

// farthest is how bad a share may be and still be a limit. Beyond it the limit is one of
// the others, such as failed<99% for answered>=99%.
const farthest = 0.9

// mostTolerated is the longest slowdown that can be tolerated.
const mostTolerated = time.Minute

// parseLimit reads what a metric of the unit is bounded by.
func parseLimit(kind unit, s string) (float64, error) {
	switch kind {
	case latency:
		d, err := time.ParseDuration(s)
		if err == nil && d > longest {
			return 0, fmt.Errorf("value %q: no cold start takes longer than %s%s", s, longest, inMilliseconds(s))
		}
		if err != nil || d <= 0 {
			return 0, fmt.Errorf("value %q: want a duration with its unit, such as 900ms or 2s", s)
		}
		return float64(d), nil
	case share:
		return ParseShare(s)
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("value %q: want a number of instances, or of instance-seconds", s)
	}
	return float64(n), nil
}

// inMilliseconds is what a number of minutes was probably meant to be.
func inMilliseconds(s string) string {
	digits, inMinutes := strings.CutSuffix(s, "m")
	if _, err := strconv.Atoi(digits); err != nil || !inMinutes {
		return ""
	}
	return fmt.Sprintf(": did you mean %sms?", digits)
}

// ParseShare reads "1%" as a share from 0 to 1. It takes the sign, because 1 without
// it may mean all or a hundredth.
func ParseShare(s string) (float64, error) {
	digits, isPercent := strings.CutSuffix(s, "%")
	n, err := hundredth(digits)
	if plain, e := strconv.ParseFloat(s, 64); e == nil && plain >= 0 && plain <= 100 {
		return 0, &shareError{value: s, meant: meantShare(plain)}
	}
	if err != nil || !isPercent || n > 1 {
		return 0, fmt.Errorf("value %q: want a share, such as 1%%", s)
	}
	return n, nil
}

// shareError is the error of a share that lacks its sign.
type shareError struct{ value, meant string }

func (e *shareError) Error() string {
	return fmt.Sprintf("value %q: a share needs its sign, such as %s", e.value, e.meant)
}

// meantShare is a number as it was probably meant: 0.01 is a hundredth, and so is 1.
func meantShare(v float64) string {
	if v < 1 {
		v *= 100
	}
	return number(v) + "%"
}

// hundredth reads a number in hundredths, to the digit: 99.9 / 100 is not 0.999
// in floating point. It takes digits and a point: what else floating point may be
// written with, such as 1_0 or 0x1p-4, is a slip here.
func hundredth(s string) (float64, error) {
	if strings.Trim(s, "0123456789.") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s+"e-2", 64)
}

// parsePercentile reads a percentile as a quantile. One below 1 is refused: who
// writes 0.95 means 95, and p(0.95) is close to the minimum, which is always short.
func parsePercentile(s string) (float64, error) {
	q, err := hundredth(s)
	switch {
	case err != nil || q <= 0 || q >= 1:
		return 0, errors.New("want a percentile between 1 and 100, without the latter")
	case q < 0.01:
		return 0, fmt.Errorf("want a percentile of at least 1: did you mean p(%s)?", number(q*1e4))
	}
	return q, nil
}

// Percentiles are quantiles as people write them: 0.95 is 95.
func Percentiles(quantiles []float64) []float64 {
	var list []float64
	for _, q := range quantiles {
		list = append(list, math.Round(q*1e10)/1e8)
	}
	return list
}

// number prints without the noise of a division by a hundred.
func number(v float64) string {
	return strconv.FormatFloat(v, 'g', 12, 64)
}

// Tolerance is how much slower is accepted even if it is shown.
type Tolerance = record.Tolerance

// DefaultTolerance is 10 %, and 50 ms where that is more.
var DefaultTolerance = Tolerance{Share: 0.10, Absolute: 50 * time.Millisecond}

// ParseTolerance reads a share, a duration, or both: "10%", "50ms", "10%,50ms".
// What is not there is as in DefaultTolerance.
func ParseTolerance(s string) (Tolerance, error) {
	t, seen := DefaultTolerance, [2]bool{}
	for _, part := range strings.Split(s, ",") {
		part = strings.TrimSpace(part)
		share, notShare := ParseShare(part)
		absolute, notDuration := time.ParseDuration(part)
		kind := 0
		switch {
		case notShare == nil:
			t.Share = share
		case part == "0":
			return t, fmt.Errorf("tolerance %q: 0 needs a unit: 0%% or 0s", s)
		case notDuration == nil && absolute >= 0:
			t.Absolute, kind = absolute, 1
		default:
			return t, fmt.Errorf("tolerance %q: want a share, a duration, or both, such as 10%%,50ms%s", s, signNeeded(notShare))
		}
		if seen[kind] {
			return t, fmt.Errorf("tolerance %q: want one share and one duration", s)
		}
		seen[kind] = true
	}
	return explicit(t), checkTolerance(t)
}

// checkTolerance refuses what is no tolerance, and what tolerates every slowdown.
func checkTolerance(t Tolerance) error {
	switch {
	case t.Share < 0 || t.Absolute < 0 || math.IsNaN(t.Share):
		return fmt.Errorf("tolerance of %s or %s: want none below zero", percent(t.Share), t.Absolute)
	case t.Absolute > mostTolerated:
		return fmt.Errorf("tolerance of %s: every slowdown of a cold start is less than that%s", t.Absolute, inMilliseconds(strings.TrimSuffix(t.Absolute.String(), "0s")))
	}
	return nil
}

// signNeeded says what a share without its sign was probably meant to be.
func signNeeded(err error) string {
	var missing *shareError
	if !errors.As(err, &missing) {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", missing.meant)
}

// explicit tells a tolerance of nothing from none, which stands for the default.
func explicit(t Tolerance) Tolerance {
	if t == (Tolerance{}) {
		t.Absolute = 1
	}
	return t
}
