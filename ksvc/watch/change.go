package watch

import (
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// pastChanges is how many changes of a number a revision remembers.
const pastChanges = 32

// change is the value that a watched number has from an instant on.
type change struct {
	at    time.Duration
	value int32
	phase record.Phase
}

// changes are those of one number, in the order of time.
type changes []change

// add takes in the present value, and says whether it is another one.
func (c *changes) add(value int32, e record.Phase, at time.Duration) bool {
	if n := len(*c); n > 0 && (*c)[n-1].value == value {
		return false
	}
	*c = append(*c, change{at: at, value: value, phase: e})
	if len(*c) > pastChanges {
		*c = slices.Delete(*c, 0, len(*c)-pastChanges)
	}
	return true
}

// at is the value at an instant, if one was known.
func (c changes) at(t time.Duration) (int32, bool) {
	for _, one := range slices.Backward(c) {
		if one.at <= t {
			return one.value, true
		}
	}
	return 0, false
}

// last is the current value, if one is known.
func (c changes) last() (int32, bool) {
	if len(c) == 0 {
		return 0, false
	}
	return c[len(c)-1].value, true
}

// raised is the first change to more than zero after an instant.
func (c changes) raised(after time.Duration) (record.Phase, bool) {
	for _, one := range c {
		if one.at > after && one.value > 0 {
			return one.phase, true
		}
	}
	return record.Phase{}, false
}
