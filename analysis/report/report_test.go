package report

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/handler"
	"github.com/kn-coldstart/kn-coldstart/analysis/hist"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/golden"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestGoldenFiles(t *testing.T) {
	runs := map[string]*analysis.Summary{
		"three":    analysis.Summarise(runtest.Three()),
		"troubled": analysis.Summarise(runtest.Troubled()),
		"burst":    analysis.Summarise(runtest.Burst()),
		"scaled":   analysis.Summarise(runtest.Scaled()),
		"limited":  analysis.Summarise(runtest.Limited()),
		"real":     analysis.Summarise(runtest.Real(t, "../testdata")),
		"load":     analysis.Summarise(runtest.Loaded()),
		"deployed": analysis.Summarise(runtest.Deployed()),
		"work":     publishedWork(),
		"handlers": withHandlers(t),
		"empty":    analysis.Summarise(runtest.New("r", "runc").Run()),
	}
	for name, s := range runs {
		for extension, draw := range map[string]func(io.Writer, *analysis.Summary) error{
			".txt": Text, ".json": JSON, ".phases.txt": Phases, ".timeline.txt": Timeline,
			".histogram.txt": Histograms, ".md": MarkdownReport, ".smaller.json": SmallerIsBetter,
		} {
			t.Run(name+extension, func(t *testing.T) {
				golden.Check(t, name+extension, func(w io.Writer) error { return draw(w, s) })
			})
		}
	}
}

// publishedWork has the published figures beside it.
func publishedWork() *analysis.Summary {
	s := analysis.Summarise(runtest.Worked())
	s.AddPublished()
	return s
}

// withHandlers has what the handlers of two classes cost, of which one started less than it
// was asked for, and the other nothing.
func withHandlers(t *testing.T) *analysis.Summary {
	s := analysis.Summarise(runtest.Three())
	err := s.AddHandlers([]handler.Cost{
		{Name: "runc", Version: "1.3.0", Files: []handler.File{{Path: "/usr/bin/runc", Bytes: 12_345_678}}, Libraries: []handler.File{{Path: "/lib/libc.so", Bytes: 2_000_000}},
			Idle:   []handler.Process{{Program: "shim", MemoryBytes: 5 << 20}, {Program: "pause", MemoryBytes: 1 << 19}},
			InTurn: handler.Starts{Count: 3, Start: []time.Duration{30e6, 31e6, 35e6}, Stop: []time.Duration{9e6, 10e6, 11e6}},
			AtOnce: []handler.Starts{{Count: 1, Start: []time.Duration{40e6}}, {Count: 4, Start: []time.Duration{50e6, 60e6, 70e6}, Stop: []time.Duration{1e6, 2e6, 3e6, 4e6}, MemoryBytes: 22 << 20, Error: "no more"}}},
		{Name: "gvisor", Version: "2025.1", Error: "exec format error"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGoldenSeconds(t *testing.T) {
	for name, run := range map[string]*record.Run{"load": runtest.Loaded(), "empty": runtest.New("r", "runc").Run()} {
		golden.Check(t, name+".seconds.txt", func(w io.Writer) error { return Seconds(w, analysis.Summarise(run)) })
	}
}

// A load is in the log second by second, with what failed at the top.
func TestHDRLogOfALoad(t *testing.T) {
	var out bytes.Buffer
	run := runtest.Loaded()
	if err := HDRLog(&out, run); err != nil {
		t.Fatal(err)
	}
	seconds, err := hist.ReadLog(&out)
	if err != nil || len(seconds) != 10 {
		t.Fatalf("%d histograms, %v", len(seconds), err)
	}
	begin := run.Header.Started.Add(runtest.LoadBegin)
	for i, h := range seconds[:5] {
		if from := begin.Add(time.Duration(i) * time.Second); h.Tag() != "runc" || !h.Start.Equal(from) || !h.End.Equal(from.Add(time.Second)) || h.Count() != 100 {
			t.Errorf("second %d: %s from %v to %v with %d", i, h.Tag(), h.Start, h.End, h.Count())
		}
	}
	failed, _ := seconds[0].Censored()
	if p, over := seconds[0].Quantile(0.99); failed != 5 || !over {
		t.Errorf("of the first second %d failed, and p99 is %v", failed, p)
	}
}

func TestGoldenComparisons(t *testing.T) {
	all := analysis.CompareOptions{Phases: true, Published: true}
	classes, err := analysis.CompareClasses([]*record.Run{runtest.Three()}, all)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := analysis.Compare([]*record.Run{runtest.Three()}, []*record.Run{runtest.Troubled()}, analysis.CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*analysis.Comparison{"classes": classes, "runs": runs} {
		for extension, draw := range map[string]func(io.Writer, *analysis.Comparison) error{
			".txt": Comparison, ".md": ComparisonMarkdown, ".json": ComparisonJSON,
		} {
			t.Run(name+extension, func(t *testing.T) {
				golden.Check(t, "compare-"+name+extension, func(w io.Writer) error { return draw(w, c) })
			})
		}
	}
}

func TestWhatARunFileSaysCannotSteerATerminal(t *testing.T) {
	r := runtest.New("r", "runc\x1b[2J").Add("runc\x1b[2J", 1, time.Second, runtest.Failed("o\rops")).Run()
	r.Warnings = []string{"\x1b]0;title\x07"}
	var out bytes.Buffer
	if err := Text(&out, analysis.Summarise(r)); err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(out.Bytes(), "\x1b\x07\r") {
		t.Errorf("control characters in %q", out.String())
	}
}

// full is a writer without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestAFailedWriteIsReported(t *testing.T) {
	s := analysis.Summarise(runtest.Three())
	for name, draw := range map[string]func(io.Writer, *analysis.Summary) error{
		"text": Text, "json": JSON, "phases": Phases, "timeline": Timeline, "histograms": Histograms, "markdown": Markdown, "smaller": SmallerIsBetter,
	} {
		if draw(full{}, s) == nil {
			t.Errorf("%s drew on a full disk", name)
		}
	}
	for name, write := range map[string]func(io.Writer, ...*record.Run) error{"csv": CSV, "benchfmt": Benchfmt} {
		if write(full{}, runtest.Three()) == nil {
			t.Errorf("%s wrote on a full disk", name)
		}
	}
}
