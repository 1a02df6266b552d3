package experiment

import (
	"slices"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// search looks for the largest number of services that holds: it climbs the steps
// until one does not, and then halves what is left in between until that is at most
// a tenth of what held, or one service.
//
//	25 ✓ ── 50 ✓ ───────────────────────── 100 ✗
//	        50 ─────────── 75 ✓ ────────── 100
//	                       75 ──── 87 ✗ ── 100
//	                       75 81 ✓ 87            81 held
//
// One round decides each number. Near the limit another search may well end a few
// services away.
type search struct {
	steps []int
	// held is the largest number that held, failed the smallest that did not; zero
	// while there is none.
	held, failed int
	// why is what was seen of the smallest number that did not hold.
	why string
}

// newSearch begins a search that climbs the numbers of services in ascending order.
func newSearch(services []int) *search {
	return &search{steps: slices.Compact(slices.Sorted(slices.Values(services)))}
}

// next is the number of services to try next, zero when the search is over.
func (s *search) next() int {
	if s.failed == 0 {
		for _, n := range s.steps {
			if n > s.held {
				return n
			}
		}
		return 0
	}
	if gap := s.failed - s.held; gap > max(1, s.held/10) {
		return s.held + gap/2
	}
	return 0
}

// saw takes in whether n services held.
func (s *search) saw(n int, held bool) {
	if held {
		s.held = n
	} else {
		s.failed = n
	}
}

// judge takes in why a number, which people read as what, did not hold. Without reasons it
// did.
func (s *search) judge(n int, what string, reasons []string) {
	if s.saw(n, len(reasons) == 0); len(reasons) > 0 {
		s.why = "at " + what + " " + strings.Join(reasons, "; ")
	}
}

// limit is the event that tells the limit of a class. most is the largest number that could
// be tried, in words.
func (s *search) limit(at time.Duration, class record.Key, most string) record.Event {
	why := s.why
	if s.failed == 0 {
		why = "no stop condition was met up to " + most
	}
	return record.Event{
		At: at, Kind: record.EventLimit, RuntimeClass: class.RuntimeClass, Variant: class.Variant, Value: float64(s.held), Message: why,
	}
}
