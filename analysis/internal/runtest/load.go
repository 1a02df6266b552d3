package runtest

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// LoadBegin is when the load of a class begins, after the beginning of its run or the end
// of the load before.
const LoadBegin = 10 * time.Second

// Second is what became of the requests of one second of a load: each latency is that of
// one that was answered.
type Second struct {
	Latencies []time.Duration
	// Waited are those of the latencies' requests that waited for their instance.
	Waited   []time.Duration
	Failed   map[record.Outcome]int
	Dropped  int
	Lateness time.Duration
}

// Same is a second of n requests that took as long as one another.
func Same(n int, latency time.Duration) Second {
	var s Second
	for range n {
		s.Latencies = append(s.Latencies, latency)
	}
	return s
}

// Load adds a load on a service of a class, second by second, to the run of a builder.
// The service has two instances: one is there from the beginning on, and the other is
// asked for after 1 s, is Ready after 3 s, and ends with the load. It is at zero 40 s later.
func (b *Builder) Load(class string, limit time.Duration, seconds ...Second) *Builder {
	r := b.run
	r.Header.Command, r.Header.Shape, r.Header.Settings.RecoveredLimit = "load", record.Shape{Load: true}, limit
	begin, service := b.now+LoadBegin, "cs-"+class
	end := begin + time.Duration(len(seconds))*time.Second
	event := func(at time.Duration, kind record.Kind, uid string, value float64) {
		r.Events = append(r.Events, record.Event{Type: record.TypeEvent, At: at, Kind: kind, RuntimeClass: class, Service: service, UID: uid, Value: value})
	}
	first, second := class+"-1", class+"-2"
	event(begin-3*time.Second, record.EventScaleWanted, "", 1)
	event(begin-3*time.Second, record.EventScaleRequested, "", 1)
	event(begin-3*time.Second, record.EventInstanceCreated, first, 0)
	event(begin-2*time.Second, record.EventInstanceReady, first, 0)
	event(begin, record.EventLoadBegun, "", 1)
	r.Events[len(r.Events)-1].Message = "100/s"
	event(begin, record.EventPanicMode, "", 0)
	event(begin+900*time.Millisecond, record.EventPanicMode, "", 1)
	event(begin+time.Second, record.EventScaleWanted, "", 3)
	event(begin+time.Second+time.Millisecond, record.EventScaleRequested, "", 3)
	event(begin+2*time.Second, record.EventInstanceCreated, second, 0)
	event(begin+2500*time.Millisecond, record.EventScaleWanted, "", 2)
	event(begin+3*time.Second, record.EventInstanceReady, second, 0)
	event(end, record.EventLoadEnded, "", end.Seconds()-begin.Seconds())
	event(end+2*time.Second, record.EventPanicMode, "", 0)
	event(end+9*time.Second, record.EventScaleWanted, "", 0)
	for _, uid := range []string{first, second} {
		event(end+10*time.Second, record.EventInstanceUnready, uid, 0)
		event(end+40*time.Second, record.EventInstanceGone, uid, 0)
	}
	event(end+40*time.Second, record.EventBackAtZero, "", 40)
	b.use(class, begin, end)
	for n, s := range seconds {
		r.Intervals = append(r.Intervals, s.interval(class, service, n, begin))
	}
	b.now = end + 40*time.Second
	return b
}

// use adds what the node and the instances used each half second: the node 1.5 processors
// of its 2, and each instance half a processor and 20 MiB, from when it was created on.
func (b *Builder) use(class string, begin, end time.Duration) {
	const step = 500 * time.Millisecond
	var used time.Duration
	for at := begin - 3*time.Second; at <= end+step; at += step {
		instances := 1
		if at >= begin+2*time.Second {
			instances = 2
		}
		b.run.Resources = append(b.run.Resources,
			record.Resource{Type: record.TypeResource, At: at, Scope: record.ScopeNode, Node: "n", CPUs: 2, CPU: at * 3 / 2, MemoryBytes: 1 << 30},
			record.Resource{Type: record.TypeResource, At: at, Scope: record.ScopeClass, RuntimeClass: class, Instances: instances, CPU: used, MemoryBytes: int64(instances) * 20 << 20})
		used += time.Duration(instances) * step / 2
	}
}

func (s Second) interval(class, service string, n int, begin time.Duration) record.Interval {
	i := record.Interval{
		Type: record.TypeInterval, RuntimeClass: class, Service: service, Second: n, At: begin + time.Duration(n)*time.Second,
		Answered: len(s.Latencies), Failed: s.Failed, Dropped: s.Dropped, Lateness: s.Lateness, Latencies: encoded(s.Latencies),
		Told: len(s.Latencies), Instances: 1, Waited: len(s.Waited), WaitedLatencies: encoded(s.Waited),
	}
	i.Sent = i.Answered + i.Failures()
	return i
}

func encoded(latencies []time.Duration) string {
	if len(latencies) == 0 {
		return ""
	}
	h := hdrhistogram.NewPacked(int64(record.LowestLatency), int64(record.HighestLatency), record.LatencyDigits)
	for _, l := range latencies {
		if err := h.RecordValue(int64(l)); err != nil {
			panic(err)
		}
	}
	text, err := h.EncodeV2()
	if err != nil {
		panic(fmt.Sprint("encode a histogram: ", err))
	}
	return string(text)
}

// Loaded is a run with loads on two classes. The first one starts from one instance, which
// is too slow for 3 s, and fails some requests; the second one is quick at all times.
func Loaded() *record.Run {
	const limit = 500 * time.Millisecond
	slow, falling := Same(95, 2*time.Second), Same(96, time.Second)
	slow.Waited = slow.Latencies[:40]
	slow.Failed, slow.Dropped = map[record.Outcome]int{record.HTTP: 2, record.Timeout: 1}, 2
	falling.Failed, falling.Lateness = map[record.Outcome]int{record.Reset: 4}, 80*time.Millisecond
	quick := Same(100, 20*time.Millisecond)
	return New("loaded", "runc", "gvisor").Load("runc", limit, slow, falling, Same(100, 600*time.Millisecond), quick, quick).
		Load("gvisor", limit, quick, quick, quick, quick, quick).Run()
}
