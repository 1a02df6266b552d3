package watch

import (
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// pastTraces is how many traces are remembered. It is more than the requests that can
// be under way at a time, because each is proven within seconds of its answer.
const pastTraces = 16384

// traced is which pods served the request that began a trace, by the trace's id.
type traced struct {
	pods  map[string][]string
	order []string
}

func (t *traced) keep(id, pod string) {
	if t.pods == nil {
		t.pods = map[string][]string{}
	}
	if slices.Contains(t.pods[id], pod) {
		return
	}
	if len(t.pods[id]) == 0 {
		t.order = append(t.order, id)
		if len(t.order) > pastTraces {
			delete(t.pods, t.order[0])
			t.order = t.order[1:]
		}
	}
	t.pods[id] = append(t.pods[id], pod)
}

// ObserveSpan takes in a span that Knative reported. A queue-proxy reports one of each
// request that it served, and so tells which pod that was.
func (w *Watch) ObserveSpan(s record.TraceSpan) {
	if s.Service != record.QueueProxy || s.Pod == "" || s.TraceID == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.traced.keep(s.TraceID, s.Pod)
	w.wakeAll() // the span does not say which revision's request it is about
}
