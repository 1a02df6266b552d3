package runtest

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// worked is what a side of Worked does: its share of what native reaches, and the MiB that
// the node uses more.
type worked struct {
	side  string
	share float64
	over  int64
}

// Worked is a run of work on two classes and natively: a discarded block and six others.
// Native reaches 1000 requests a second with GET and 10 more in each block, and 2000 with
// PING; runc reaches 0.8 of that and takes 30 MiB more of the node, gvisor 0.1 and 60. One
// program of gvisor fails.
func Worked() *record.Run {
	b := New("worked", "runc", "gvisor")
	r := b.run
	r.Header.Command, r.Header.Shape = "work", record.Shape{Work: true}
	r.Header.Settings = record.Settings{Iterations: 6, Programs: []string{"redis", "sysbench-cpu"}, RedisRequests: 1000, ProgramTime: time.Second, Native: true}
	for block := range 7 {
		for _, w := range []worked{{"gvisor", 0.1, 60}, {record.Native, 1, 0}, {"runc", 0.8, 30}} {
			base := 1000 + 10*float64(block)
			b.work(w, block, "redis", record.Figure{Name: "GET", Value: base * w.share, Unit: "requests/s"}, record.Figure{Name: "PING", Value: 2000 * w.share, Unit: "requests/s"})
			b.work(w, block, "sysbench-cpu", record.Figure{Name: "latency avg", Value: 0.75, Unit: "ms"})
		}
	}
	last := &r.Works[len(r.Works)-6]
	last.Figures, last.Outcome, last.Error = nil, record.HTTP, "the output of redis-benchmark is not understood: it has no row of a command below its heading. It printed:\nCould not connect"
	return b.Run()
}

// work adds a program that takes two seconds, with what the node used each half second, and
// the instance.
func (b *Builder) work(w worked, block int, program string, figures ...record.Figure) {
	const mib = 1 << 20
	begun := b.now
	for at := begun; at <= begun+2*time.Second; at += 500 * time.Millisecond {
		b.run.Resources = append(b.run.Resources, record.Resource{Type: record.TypeResource, At: at, Scope: record.ScopeNode, Node: "n",
			MemoryBytes: (1000 + w.over + int64(block)) * mib, CacheBytes: 500 * mib})
		if w.side != record.Native {
			b.run.Resources = append(b.run.Resources, record.Resource{Type: record.TypeResource, At: at + time.Millisecond, Scope: record.ScopeClass,
				RuntimeClass: w.side, Instances: 1, MemoryBytes: w.over / 2 * mib, CacheBytes: 3 * mib})
		}
	}
	b.now += 3 * time.Second
	b.run.Works = append(b.run.Works, record.Work{Type: record.TypeWork, RuntimeClass: w.side, Service: "cs-" + w.side, Program: program, Block: block, Discarded: block == 0,
		Begun: begun, Ended: begun + 2*time.Second, Figures: figures, Outcome: record.OK})
}
