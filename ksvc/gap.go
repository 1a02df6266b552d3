package ksvc

import (
	"fmt"
	"time"
)

// gap is an interval in which a watch was down. to is negative while it lasts.
type gap struct {
	source   string
	from, to time.Duration
	cause    error // the last known
}

// gaps remembers when which watch was down. What happened in a gap may have been
// seen late or not at all, so a sample sent in one is not proven.
type gaps []gap

func (g *gaps) open(source string, at time.Duration, cause error) {
	*g = append(*g, gap{source: source, from: at, to: -1, cause: cause})
}

// lasts notes why an open gap is still open.
func (g gaps) lasts(source string, cause error) {
	for i := range g {
		if g[i].source == source && g[i].to < 0 {
			g[i].cause = cause
		}
	}
}

// close ends the open gap of a source, and returns it.
func (g gaps) close(source string, at time.Duration) gap {
	for i := range g {
		if g[i].source == source && g[i].to < 0 {
			g[i].to = at
			return g[i]
		}
	}
	return gap{}
}

// at is the gap of one of the sources that covers an instant.
func (g gaps) at(t time.Duration, sources ...string) (gap, bool) {
	for _, one := range g {
		for _, s := range sources {
			if one.source == s && one.from <= t && (one.to < 0 || t <= one.to) {
				return one, true
			}
		}
	}
	return gap{}, false
}

// down is an ongoing gap of one of the sources.
func (g gaps) down(sources ...string) (gap, bool) {
	for _, one := range g {
		for _, s := range sources {
			if one.source == s && one.to < 0 {
				return one, true
			}
		}
	}
	return gap{}, false
}

func (g gap) String() string {
	if g.to < 0 {
		return fmt.Sprintf("watch of %s is down since %v: %v", g.source, g.from.Round(time.Millisecond), g.cause)
	}
	return fmt.Sprintf("watch of %s was down from %v to %v", g.source, g.from.Round(time.Millisecond), g.to.Round(time.Millisecond))
}
