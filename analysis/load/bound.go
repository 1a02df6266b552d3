package load

import (
	"fmt"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Bound is what keeps a service from answering more requests, or sooner.
type Bound string

// The bounds, in the order in which they are looked for: the first one that holds in the
// second half of a load is told. A processor without time left also makes a client late
// that runs on it, and instances come up late.
const (
	BoundProcessor  Bound = "processor"
	BoundClient     Bound = "client"
	BoundIngress    Bound = "ingress"
	BoundAutoscaler Bound = "autoscaler"
	BoundFunction   Bound = "function"
)

// noTimeLeft is the share to which processors are used that bound a load.
const noTimeLeft = 0.95

// Bound says what bounds the load, and what was seen of it.
func (l *Load) Bound() (Bound, string) {
	in, s := l.Instances.Last, &l.Settled
	switch refused := s.Failed[record.Refused] + s.Failed[record.Reset]; {
	case float64(l.Use.SettledShare) >= noTimeLeft:
		return BoundProcessor, l.processors()
	case s.LateSeconds > 0 && 2*s.Lateness > s.P99.Latency:
		return BoundClient, fmt.Sprintf("it sent requests up to %s late, which is most of the latency; %s", stat.Format(s.Lateness), l.processors())
	case 2*refused > s.Failures() && refused > 0:
		return BoundIngress, fmt.Sprintf("it refused or reset the connections of %d requests of %d", refused, s.Due)
	case l.Instances.AtMost > 0:
		return BoundAutoscaler, fmt.Sprintf("it wanted %d instances, which is as many as there may be; %s", in.Wanted, l.processors())
	case in.Ready < in.Wanted:
		return BoundAutoscaler, fmt.Sprintf("it wanted %d instances, and %d were Ready; %s", in.Wanted, in.Ready, l.processors())
	}
	seen := []string{fmt.Sprintf("all %d instances that the autoscaler wanted were Ready", in.Wanted), l.processors()}
	if n := s.Failed[record.HTTP]; n > 0 {
		seen = append(seen, fmt.Sprintf("%d answers had a wrong status", n))
	}
	return BoundFunction, strings.Join(seen, "; ")
}

// processors says how busy they were.
func (l *Load) processors() string {
	if l.Use.SettledShare == 0 {
		return "how busy the processors were is not known"
	}
	return fmt.Sprintf("%d processors were busy to %.0f %%", l.Use.CPUs, 100*float64(l.Use.SettledShare))
}
