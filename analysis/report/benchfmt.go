package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
)

// Benchfmt writes the runs in the Go benchmark format, one line for each sample
// in the quantiles, so that `benchstat -col /runtimeClass` compares the classes:
//
//	BenchmarkColdStart/runtimeClass=runc/services=1 1 1194248884 ns/op 1182306395 ttfb-ns/op
//
// A sample that timed out or failed is written with the longest that is known of its
// cell, as slower than any that was answered. That keeps its rank, and so every quantile
// below is right. As benchstat shows medians, one more line for each cell has their
// share, which it then shows as it is:
//
//	BenchmarkColdStart/runtimeClass=runc/services=1 300 1.5 not-answered-%
//
// The properties of the cluster are written as configuration, so that benchstat does
// not mix runs of different clusters. The format is described at
// https://go.googlesource.com/proposal/+/master/design/14313-benchmark-format.md.
func Benchfmt(w io.Writer, runs ...*record.Run) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "Unit ns/op better=lower assume=nothing")
	fmt.Fprintln(out, "Unit ttfb-ns/op better=lower assume=nothing")
	fmt.Fprintln(out, "Unit not-answered-% better=lower assume=exact")
	for _, r := range runs {
		benchfmtRun(out, r)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write benchmark format: %w", err)
	}
	return nil
}

func benchfmtRun(out io.Writer, r *record.Run) {
	c := r.Header.Cluster
	for _, line := range [][2]string{
		{"os", c.OS}, {"goarch", c.Architecture}, {"cpu", c.CPUModel}, {"kernel", c.Kernel}, {"kubernetes", c.Kubernetes},
		{"knative", c.Knative}, {"ingress", strings.TrimSpace(c.IngressClass + " " + c.Ingress)}, {"containerruntime", c.ContainerRuntime},
	} {
		// Written even if empty: configuration holds until it is set again.
		fmt.Fprintf(out, "%s: %s\n", line[0], oneLine(line[1]))
	}
	measured, left := benchfmtOrder(r)
	cells := benchfmtCells(measured)
	for _, s := range measured {
		benchfmtSample(out, s, cells[s.Key()].longest)
	}
	for _, s := range measured {
		if c := cells[s.Key()]; c.count > 0 {
			fmt.Fprintf(out, "BenchmarkColdStart/%s %d %g not-answered-%%\n", cellPath(s.Key()), c.count, 100*float64(c.failed)/float64(c.count))
			c.count = 0 // once for each cell
		}
	}
	if left > 0 {
		fmt.Fprintf(out, "# %d samples were answered but are not proven cold, and are not here\n", left)
	}
}

// benchfmtCell is what a cell's failures need.
type benchfmtCell struct {
	count, failed int
	longest       time.Duration
}

func benchfmtCells(measured []*record.Sample) map[record.Key]*benchfmtCell {
	cells := map[record.Key]*benchfmtCell{}
	for _, s := range measured {
		c := cells[s.Key()]
		if c == nil {
			c = &benchfmtCell{}
			cells[s.Key()] = c
		}
		c.count++
		c.longest = max(c.longest, s.ClientTimeout)
		switch {
		case s.Censored():
			c.longest = max(c.longest, start.Limit(s))
		case !s.Failed():
			c.longest = max(c.longest, s.ResponseLatency)
		}
		if s.Failed() {
			c.failed++
		}
	}
	return cells
}

// benchfmtOrder puts the classes in the order of the header, because benchstat compares
// with the first one that it reads. It also counts the samples that are left out.
func benchfmtOrder(r *record.Run) (measured []*record.Sample, left int) {
	order := map[record.Key]int{} // classes that the header lacks are last
	for i, class := range r.Header.Classes {
		order[class.Key()] = i - len(r.Header.Classes)
	}
	for i := range r.Samples {
		switch s := &r.Samples[i]; {
		case analysis.Measured(s):
			measured = append(measured, s)
		case !s.Discarded:
			left++
		}
	}
	slices.SortStableFunc(measured, func(a, b *record.Sample) int {
		return order[a.Key().Class()] - order[b.Key().Class()]
	})
	return measured, left
}

func benchfmtSample(out io.Writer, s *record.Sample, longest time.Duration) {
	latency := s.ResponseLatency
	if s.Failed() {
		latency = longest
	}
	fmt.Fprintf(out, "BenchmarkColdStart/%s 1 %d ns/op", cellPath(s.Key()), latency)
	if s.TTFB > 0 && !s.Failed() {
		fmt.Fprintf(out, " %d ttfb-ns/op", s.TTFB)
	}
	fmt.Fprintln(out)
}

// cellPath names a cell in parts that programs can take apart, such as benchstat with
// `-col /runtimeClass` or, for an A/B run, with `-col /variant`.
func cellPath(k record.Key) string {
	path := "runtimeClass=" + oneWord(k.RuntimeClass)
	if k.Variant != "" {
		path += "/variant=" + oneWord(k.Variant)
	}
	return fmt.Sprintf("%s/services=%d", path, k.Services)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// oneWord replaces what would end a part of a benchmark's name.
func oneWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || unicode.IsSpace(r) || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, s)
}
