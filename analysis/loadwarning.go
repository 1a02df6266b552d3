package analysis

import (
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// loadWarnings say what a reader of the loads must know first.
func loadWarnings(loads []load.Load) []Warning {
	var list []Warning
	for i := range loads {
		l := &loads[i]
		warn := func(code Code, format string, args ...any) {
			list = append(list, warnCell(code, l.Key(), format, args...))
		}
		if l.Broken != "" {
			warn(IncompleteFile, "the intervals of its load cannot be believed: %s", l.Broken)
		}
		if l.LateSeconds > 0 {
			warn(ClientLate, "in %d of %d seconds the client sent a request more than %s late, %s at most: the latency holds that, too",
				l.LateSeconds, len(l.Seconds), stat.Format(l.LateLimit()), stat.Format(l.Lateness))
		}
		if n := l.Failures(); n > 0 {
			warn(Failures, "%d of %d requests of its load were not answered; they are slower than any latency", n, l.Due)
		}
		if l.Dropped > 0 {
			warn(Failures, "%d of them were never sent, because as many requests as may be were under way", l.Dropped)
		}
		if l.Recovery.Never && !l.Step {
			warn(Trouble, "p99 of a second was not under %s again when its load ended", stat.Format(l.Recovery.Limit))
		}
	}
	return list
}
