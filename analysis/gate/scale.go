package gate

import (
	"fmt"
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// scale is that on which what runs measured is compared. A latency is compared by its
// logarithm, so that a change is a share of it. What may be nothing at all, such as the
// share of requests that failed, is compared as it is, and a change of it is an amount.
type scale interface {
	// of is where a value lies.
	of(value float64) float64
	// allowed is by how much a change may exceed nothing, where base is the mean of the
	// base.
	allowed(base float64, t Tolerance) float64
	// step is the change that is so many times as large as what there is.
	step(times, base, allowed float64) float64
	// in is a change as a number: a share, or an amount.
	in(change float64) float64
	// value, change and tolerance write one of each.
	value(v float64, over bool) string
	change(d float64) string
	tolerance(allowed float64) string
}

// shareScale is that of the logarithms of nanoseconds.
type shareScale struct {
	// instanceSeconds says that values are those, which are no latencies: a tolerance in
	// milliseconds makes no sense of them.
	instanceSeconds bool
}

func (s shareScale) of(value float64) float64 {
	if s.instanceSeconds {
		value *= float64(time.Second)
	}
	return math.Log(max(value, 1))
}

func (s shareScale) allowed(base float64, t Tolerance) float64 {
	if s.instanceSeconds {
		return math.Log1p(t.Share)
	}
	return math.Log1p(t.Of(float64(time.Duration(math.Exp(base)))))
}

func (shareScale) step(times, _, _ float64) float64 { return math.Log1p(times) }

func (shareScale) in(change float64) float64 { return math.Expm1(change) }

func (s shareScale) value(v float64, over bool) string {
	if s.instanceSeconds {
		return fmt.Sprintf("%.1f", math.Exp(v)/float64(time.Second))
	}
	return pointOf(v, over).String()
}

func (shareScale) change(d float64) string { return signedPercent(math.Expm1(d)) }

func (shareScale) tolerance(allowed float64) string { return percent(math.Expm1(allowed)) }

// amountScale is that of values that may be zero.
type amountScale struct {
	// least is by how much more is accepted where the base is so small that its share is
	// less.
	least float64
	// format writes an amount.
	format func(amount float64) string
}

func (amountScale) of(value float64) float64 { return value }

func (s amountScale) allowed(base float64, t Tolerance) float64 { return max(t.Share*base, s.least) }

func (amountScale) step(times, base, allowed float64) float64 { return times * max(base, 10*allowed) }

func (amountScale) in(change float64) float64 { return change }

func (s amountScale) value(v float64, over bool) string { return overText(over) + s.format(v) }

func (s amountScale) change(d float64) string {
	if d > 0 {
		return "+" + s.format(d)
	}
	return s.format(d)
}

func (s amountScale) tolerance(allowed float64) string { return s.format(allowed) }

func overText(over bool) string {
	if over {
		return ">"
	}
	return ""
}

// pointOf is the latency whose logarithm is given.
func pointOf(log float64, over bool) stat.Point {
	return stat.Point{Latency: time.Duration(math.Exp(log)), Over: over}
}

func points(share float64) string { return fmt.Sprintf("%.3g points", 100*share) }

func duration(ns float64) string { return stat.Format(time.Duration(ns)) }
