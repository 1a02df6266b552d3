package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Benchfmt writes the runs in the Go benchmark format, one line for each sample
// in the quantiles, so that `benchstat -col /runtimeClass` compares the classes:
//
//	BenchmarkColdStart/runtimeClass=runc/services=1 1 1194248884 ns/op 1182306395 ttfb-ns/op 0 timeouts/op
//
// A sample that timed out is written with its limit and 1 timeouts/op. That keeps its
// rank, and so every quantile below the censored ones is right. The format has no place
// for samples that failed otherwise; a line that readers skip counts them.
//
// The properties of the cluster are written as configuration, so that benchstat does
// not mix runs of different clusters. The format is described at
// https://go.googlesource.com/proposal/+/master/design/14313-benchmark-format.md.
func Benchfmt(w io.Writer, runs ...*record.Run) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "Unit ns/op better=lower assume=nothing")
	fmt.Fprintln(out, "Unit ttfb-ns/op better=lower assume=nothing")
	fmt.Fprintln(out, "Unit timeouts/op better=lower assume=nothing")
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
	for _, s := range measured {
		benchfmtSample(out, s)
	}
	if left > 0 {
		fmt.Fprintf(out, "# %d samples failed or are not proven cold, and are not here\n", left)
	}
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

func benchfmtSample(out io.Writer, s *record.Sample) {
	latency, timeouts := s.ResponseLatency, 0
	if s.Censored() {
		latency, timeouts = analysis.Limit(s), 1
	}
	fmt.Fprintf(out, "BenchmarkColdStart/%s 1 %d ns/op", cellPath(s.Key()), latency)
	if s.TTFB > 0 {
		fmt.Fprintf(out, " %d ttfb-ns/op", s.TTFB)
	}
	fmt.Fprintf(out, " %d timeouts/op\n", timeouts)
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
