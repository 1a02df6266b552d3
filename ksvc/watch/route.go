package watch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
)

// pastRoutes is how many changes of its route a service remembers.
const pastRoutes = 16

// route is where a service sends its requests from an instant on, in percent by the
// name of the revision.
type route struct {
	at       time.Duration
	percents []percent
}

type percent struct {
	revision string
	share    int64
}

// routeOf reads where the requests go that name no tag.
func routeOf(o *servingv1.Service, at time.Duration) route {
	shares := map[string]int64{}
	for _, t := range o.Status.Traffic {
		if t.Percent != nil && *t.Percent > 0 {
			shares[t.RevisionName] += *t.Percent
		}
	}
	now := route{at: at}
	for name, share := range shares {
		now.percents = append(now.percents, percent{name, share})
	}
	slices.SortFunc(now.percents, func(a, b percent) int { return strings.Compare(a.revision, b.revision) })
	return now
}

// observeRoute takes in where the service sends its requests now.
func (v *service) observeRoute(o *servingv1.Service, at time.Duration) {
	now := routeOf(o, at)
	if n := len(v.routes); n > 0 && slices.Equal(v.routes[n-1].percents, now.percents) {
		return
	}
	v.routes = append(v.routes, now)
	if len(v.routes) > pastRoutes {
		v.routes = slices.Delete(v.routes, 0, len(v.routes)-pastRoutes)
	}
}

// split says why a request that was sent and answered between two instants may have
// gone to another revision than the one that is given, or "".
func (v *service) split(revision string, sent, answered time.Duration) string {
	if len(v.routes) == 0 || v.routes[0].at > sent {
		return "it was not seen where the route sent requests"
	}
	for i, one := range v.routes {
		ended := i+1 < len(v.routes) && v.routes[i+1].at <= sent
		if ended || one.at > answered {
			continue
		}
		if words := one.elsewhere(revision); words != "" {
			return words
		}
	}
	return ""
}

// elsewhere says how much goes to other revisions than one, or "".
func (n route) elsewhere(revision string) string {
	var others []string
	for _, p := range n.percents {
		if p.revision != revision {
			others = append(others, fmt.Sprintf("%d %% of requests to revision %s", p.share, p.revision))
		}
	}
	switch {
	case len(n.percents) == 0:
		return "the route does not say which revision it sends requests to"
	case len(others) > 0:
		return "the route sends " + strings.Join(others, " and ") + ", not all to " + revision
	}
	return ""
}
