package experiment

import (
	"regexp"
	"testing"
)

func TestARunTakesItsOwnSpansOnly(t *testing.T) {
	tr := &traces{}
	first, second := tr.ids()(), tr.ids()()
	if form := regexp.MustCompile("^[0-9a-f]{32}$"); !form.MatchString(first) || !form.MatchString(second) || first == second {
		t.Errorf("ids %q, %q", first, second)
	}
	for id, want := range map[string]bool{first: true, second: true, first[:16] + second[16:]: false, randomHex(16): false, "": false} {
		if got := tr.known(id); got != want {
			t.Errorf("knows %q: %v, want %v", id, got, want)
		}
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
