package experiment

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestARunTakesItsOwnSpansOnly(t *testing.T) {
	tr := &traces{begun: map[string]map[string]bool{}}
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

// The end of a run waits for the components that have not reported, but not for ever.
func TestMissingSpansAreAwaited(t *testing.T) {
	for name, test := range map[string]struct {
		late, want time.Duration // when the queue-proxy reports, and how long is waited
		told       bool          // whether spans are said to be missing
	}{
		"in time":        {late: time.Second, want: batchDelay},
		"after a retry":  {late: 11 * time.Second, want: 11 * time.Second},
		"not in the end": {late: time.Hour, want: batchDelay + retryDelay, told: true},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMadeUp(t)
			synctest.Test(t, func(t *testing.T) {
				told := false
				tr := &traces{
					tracer: m, observer: ObserverFunc(func(n Notice) {
						w, warned := n.(Warning)
						told = told || warned && strings.Contains(w.Text, "queue-proxy has not reported 1 of 1 requests")
					}),
					sink: func(record.TraceSpan) {}, begun: map[string]map[string]bool{},
				}
				id, began := tr.ids()(), time.Now()
				tr.take(record.TraceSpan{TraceID: id, Span: record.Span{Service: "activator"}})
				time.AfterFunc(test.late, func() {
					tr.take(record.TraceSpan{TraceID: id, Span: record.Span{Service: "queue-proxy"}})
				})
				if err := tr.finish(t.Context()); err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(began); waited < test.want || waited > test.want+time.Second {
					t.Errorf("waited %v, want %v", waited, test.want)
				}
				if told != test.told {
					t.Errorf("said that spans are missing: %v, want %v", told, test.told)
				}
			})
		})
	}
}
