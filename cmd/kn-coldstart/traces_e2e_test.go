//go:build e2e

package main

import (
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// wantSpans checks that Knative's components have reported a sample's request,
// and that what it waited for in the activator is part of its latency. A component drops
// spans that it cannot send at once: these may be missing where the run says so.
func wantSpans(t *testing.T, r result, s record.Sample) {
	t.Helper()
	if !reported(t, r, s, "activator") || !reported(t, r, s, record.QueueProxy) {
		return
	}
	wait := slices.IndexFunc(s.Spans, func(p record.Span) bool { return p.Service == "activator" && p.Name == "throttler_try" })
	if wait < 0 {
		t.Errorf("%s block %d: no span tells how long the activator waited: %+v", s.Service, s.Block, s.Spans)
		return
	}
	if d := s.Spans[wait].Duration; d <= 0 || d > s.ResponseLatency {
		t.Errorf("%s block %d: the activator waited %v of %v", s.Service, s.Block, d, s.ResponseLatency)
	}
}

// reported says whether a component has reported a sample's request. If it has not, the run
// has to say that of as many requests at least, and not of all.
func reported(t *testing.T, r result, s record.Sample, component string) bool {
	t.Helper()
	if slices.ContainsFunc(s.Spans, func(p record.Span) bool { return p.Service == component }) {
		return true
	}
	var missing, all int
	told := regexp.MustCompile(component + ` has not reported (\d+) of (\d+) requests`).FindStringSubmatch(r.stderr)
	if told != nil {
		missing, _ = strconv.Atoi(told[1])
		all, _ = strconv.Atoi(told[2])
	}
	if missing < 1 || missing >= all {
		t.Errorf("%s block %d: no span of %s, and it is said to miss %d of %d: %+v", s.Service, s.Block, component, missing, all, s.Spans)
	} else {
		t.Logf("%s block %d: the spans of %s are missing, as the run says: %d of %d", s.Service, s.Block, component, missing, all)
	}
	return false
}

// observability is Knative's setting that traces change, with the note of what it
// was before.
type observability struct {
	Data   map[string]string
	Change string
}

func readObservability(t *testing.T) observability {
	t.Helper()
	m, err := client(t).Kubernetes.CoreV1().ConfigMaps("knative-serving").Get(t.Context(), "config-observability", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return observability{m.Data, m.Annotations["kn-coldstart.dev/change"]}
}

// wantRestored checks that a setting is what it was before.
func wantRestored(t *testing.T, before observability) {
	t.Helper()
	if diff := cmp.Diff(before, readObservability(t)); diff != "" {
		t.Errorf("config-observability is not as before (-before +after):\n%s", diff)
	}
}
