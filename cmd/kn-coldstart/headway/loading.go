package headway

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/hist"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// loading is the load that is under way, or the latest one.
type loading struct {
	begun     experiment.LoadBegun
	began     time.Time
	ended     bool
	latest    record.Interval
	instances record.InstanceCount
	// unread are seconds that nobody has asked for yet, and p99s what was read of the
	// others. The latest ones are kept of both.
	unread []record.Interval
	p99s   []time.Duration
}

// seconds is how many seconds of a load are drawn.
const seconds = 16

func (l *loading) second(n experiment.LoadSecond) {
	l.latest, l.instances = n.Interval, n.Instances
	l.unread = latest(append(l.unread, n.Interval))
}

// read reads what nobody has asked for yet. A second without an answer has no p99, which
// is zero here.
func (l *loading) read() {
	for i := range l.unread {
		l.p99s = latest(append(l.p99s, p99(&l.unread[i])))
	}
	l.unread = nil
}

// latest are the last seconds of a list.
func latest[T any](list []T) []T { return list[max(0, len(list)-seconds):] }

func p99(i *record.Interval) time.Duration {
	h, err := hist.Decode("", i.Latencies, int64(i.Answered))
	if err != nil || h.Count() == 0 {
		return 0
	}
	at, _ := h.Quantile(0.99)
	return at
}

// left is how long the load goes on.
func (l *loading) left(now time.Time) time.Duration {
	return max(0, l.begun.Length-now.Sub(l.began))
}
