package experiment

import (
	"regexp"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestARunTakesItsOwnSpansOnly(t *testing.T) {
	var got []string
	tr := &traces{prefix: randomHex(8), sink: func(s record.TraceSpan) { got = append(got, s.TraceID) }}
	first, second := tr.ids()(), tr.ids()()
	if form := regexp.MustCompile("^[0-9a-f]{32}$"); !form.MatchString(first) || !form.MatchString(second) || first == second {
		t.Errorf("ids %q, %q", first, second)
	}
	for _, id := range []string{first, randomHex(16), "", second} {
		tr.take(record.TraceSpan{TraceID: id})
	}
	if len(got) != 2 || got[0] != first || got[1] != second || tr.received.Load() != 2 {
		t.Errorf("took %q", got)
	}
}

func TestNoTracesCostNothing(t *testing.T) {
	var tr *traces
	if tr.ids() != nil || tr.finish(t.Context()) != nil || tr.restore(t.Context()) != nil {
		t.Error("something is done without traces")
	}
}

// A run that failed before its first request does not wait for spans, and does not
// miss any.
func TestNothingIsAwaitedBeforeTheFirstRequest(t *testing.T) {
	m := newMadeUp(t)
	tr := &traces{tracer: m, observer: ObserverFunc(func(n Notice) { t.Errorf("said %v", n) })}
	if err := tr.finish(t.Context()); err != nil || !m.was("stop traces") {
		t.Errorf("error %v, asked for %v", err, m.asked)
	}
}
