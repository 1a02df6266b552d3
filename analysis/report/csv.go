package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

var csvHead = []string{
	"runId", "runtimeClass", "variant", "services", "block", "discarded", "measured", "selected", "service", "namespace", "revision",
	"outcome", "status", "error", "cold", "coldReason", "pod", "uid", "node",
	"responseLatencyNs", "ttfbNs", "clientTimeoutNs", "latenessNs",
	"intendedNs", "sentNs", "connectedNs", "wroteNs", "firstByteNs", "doneNs",
}

// csvPhases are the phases that have no column of their own above.
var csvPhases = record.PhaseNames[1 : len(record.PhaseNames)-2]

// CSV writes a row of column names and then one row for each sample, discarded ones
// and those requests of a load included that were written down by themselves. Durations and instants are whole nanoseconds. An instant that was not
// reached is empty. Lines end as RFC 4180 says. A text that a spreadsheet would take for
// a formula has an apostrophe before it.
func CSV(w io.Writer, runs ...*record.Run) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	head := append([]string{}, csvHead...)
	for _, name := range csvPhases {
		head = append(head, string(name)+"Ns")
	}
	// An error of Write is returned again by Error.
	_ = out.Write(head)
	for _, r := range runs {
		for i := range r.Samples {
			_ = out.Write(csvRow(r.Header.RunID, &r.Samples[i]))
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func csvRow(runID string, s *record.Sample) []string {
	var pod, uid, node string
	if s.Instance != nil {
		pod, uid, node = s.Instance.Pod, s.Instance.UID, s.Instance.Node
	}
	row := []string{
		text(runID), text(s.RuntimeClass), text(s.Variant), strconv.Itoa(s.Services), strconv.Itoa(s.Block), strconv.FormatBool(s.Discarded),
		strconv.FormatBool(analysis.Measured(s)), text(string(s.Selected)), text(s.Service), text(s.Namespace), text(s.Revision),
		text(string(s.Outcome)), reached(int64(s.Status)), text(s.Error), text(string(s.Cold)), text(s.ColdReason), text(pod), text(uid), text(node),
		nanoseconds(s.ResponseLatency), reached(int64(s.TTFB)), nanoseconds(s.ClientTimeout), nanoseconds(s.Lateness()),
		nanoseconds(s.Intended), nanoseconds(s.Sent), reached(int64(s.Connected)), reached(int64(s.Wrote)),
		reached(int64(s.FirstByte)), nanoseconds(s.Done),
	}
	return append(row, csvPhaseCells(s)...)
}

// text is a cell that is no number.
func text(s string) string {
	s = table.Plain(s)
	if s != "" && strings.ContainsRune("=+-@|%", rune(s[0])) {
		return "'" + s
	}
	return s
}

func csvPhaseCells(s *record.Sample) []string {
	cells := make([]string, len(csvPhases))
	for _, p := range s.Phases {
		for i, name := range csvPhases {
			if p.Name == name {
				cells[i] = nanoseconds(p.At)
			}
		}
	}
	return cells
}

func nanoseconds(d time.Duration) string { return strconv.FormatInt(int64(d), 10) }

// reached is empty for an instant that the request did not reach.
func reached(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
