package watch

import (
	"fmt"
	"slices"
	"time"
)

// gap is an interval in which a watch was down. While it lasts, to is negative.
type gap struct {
	feed     string
	from, to time.Duration
	cause    error // the last known
}

// gaps are when each watch was down. What happened in a gap may have been seen late or
// not at all, so a sample that was sent in one is not proven.
type gaps []gap

func (g *gaps) open(feed string, at time.Duration, cause error) {
	*g = append(*g, gap{feed: feed, from: at, to: -1, cause: cause})
}

// lasts notes why an open gap is still open.
func (g gaps) lasts(feed string, cause error) {
	for i := range g {
		if g[i].feed == feed && g[i].to < 0 {
			g[i].cause = cause
		}
	}
}

// close ends the open gap of a feed, and returns it.
func (g gaps) close(feed string, at time.Duration) gap {
	for i := range g {
		if g[i].feed == feed && g[i].to < 0 {
			g[i].to = at
			return g[i]
		}
	}
	return gap{}
}

// at is the gap that an instant lies in, of one of the feeds.
func (g gaps) at(t time.Duration, feeds ...string) (gap, bool) {
	return g.within(t, t, feeds...)
}

// within is the first gap of one of the feeds that overlaps an interval.
func (g gaps) within(from, to time.Duration, feeds ...string) (gap, bool) {
	for _, one := range g {
		if slices.Contains(feeds, one.feed) && one.from <= to && (one.to < 0 || from <= one.to) {
			return one, true
		}
	}
	return gap{}, false
}

// down is the gap of one of the feeds that is still open.
func (g gaps) down(feeds ...string) (gap, bool) {
	for _, one := range g {
		for _, f := range feeds {
			if one.feed == f && one.to < 0 {
				return one, true
			}
		}
	}
	return gap{}, false
}

// since says whether there was a gap, of any feed, at an instant or later.
func (g gaps) since(t time.Duration) bool {
	return slices.ContainsFunc(g, func(one gap) bool { return one.to < 0 || one.to >= t })
}

// signs are when each watch last gave a sign of life.
type signs map[string]time.Duration

// silent says which of the watches gave no sign of life since an instant, or "". It may
// have been down since then: that is known only once it was silent for long enough.
func (s signs) silent(since time.Duration, feeds ...string) string {
	for _, one := range feeds {
		if last, heard := s[one]; !heard || last <= since {
			return fmt.Sprintf("the watch of %s was silent since %v, so that it may have been down when it was sent", one, last.Round(time.Millisecond))
		}
	}
	return ""
}

func (g gap) String() string {
	if g.to < 0 {
		return fmt.Sprintf("watch of %s is down since %v: %v", g.feed, g.from.Round(time.Millisecond), g.cause)
	}
	return fmt.Sprintf("watch of %s was down from %v to %v", g.feed, g.from.Round(time.Millisecond), g.to.Round(time.Millisecond))
}
