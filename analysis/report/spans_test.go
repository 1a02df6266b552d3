package report

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/golden"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// reported gives a sample the spans that Knative reports of a cold start.
func reported(s *record.Sample) {
	whole, at := s.ResponseLatency, s.Service
	span := func(service, name, id, parent string, share float64) {
		s.Spans = append(s.Spans, record.Span{Service: service, Name: name, ID: id, Parent: parent,
			Start: int64(len(s.Spans)), Duration: time.Duration(share * float64(whole))})
	}
	s.TraceID = at
	span("activator", "GET", "1", "0", 0.99)
	span("activator", "throttler_try", "2", "1", 0.95)
	span("activator", "activator_proxy", "3", "1", 0.03)
	span("activator", "GET /work", "4", "3", 0.029)
	span("queue-proxy", "GET", "5", "4", 0.02)
	span("queue-proxy", "kn.queueproxy.proxy", "6", "5", 0.015)
	span("queue-proxy", "HTTP GET", "7", "6", 0.01)
	span("sidecar", "unheard\x1b", "8", "7", 0.001)
}

func TestGoldenSpans(t *testing.T) {
	b := runtest.New("20260102-030405", "runc", "gvisor")
	for range 5 {
		b.Add("runc", 1, time.Second, reported).Add("gvisor", 1, 2*time.Second, reported)
	}
	for name, run := range map[string]*record.Run{"traced": b.Run(), "real": runtest.Real(t, "../testdata")} {
		golden.Check(t, name+".spans.txt", func(w io.Writer) error { return Spans(w, analysis.Summarise(run)) })
	}
}

func TestNoSpansNoTable(t *testing.T) {
	var out bytes.Buffer
	if err := Spans(&out, analysis.Summarise(runtest.Three())); err != nil || out.Len() > 0 {
		t.Errorf("%v, %q", err, out.String())
	}
}

// What tracing costs stands behind the spans, in each form of the report for people.
func TestReportsSayWhatTracingCosts(t *testing.T) {
	afterwards := func(s *record.Sample) {
		reported(s)
		s.Traced, s.Discarded = true, true
	}
	b := runtest.New("20260102-030405", "runc")
	for range 3 {
		b.Add("runc", 1, time.Second)
	}
	run := b.Add("runc", 1, 2*time.Second, afterwards).Run()
	summary := analysis.Summarise(run)
	const want = "Traced starts, which are in no other table: runc: 1, with a median of 2.00s, 2.00 times that of the others."
	for name, write := range map[string]func(io.Writer) error{
		"text":     func(w io.Writer) error { return Spans(w, summary) },
		"markdown": func(w io.Writer) error { return MarkdownReport(w, summary) },
		"html":     func(w io.Writer) error { return HTML(w, summary, run) },
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %v, without %q:\n%s", name, err, want, out.String())
		}
	}
}
