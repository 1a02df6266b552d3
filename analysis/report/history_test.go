package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/history"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/golden"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// aHistory is of sixteen runs, of which the last six are slower in one class, one was
// interrupted, and one was made on another kernel.
func aHistory(t *testing.T, change ...func(*history.Source)) *history.History {
	t.Helper()
	b, err := history.New(history.Options{Quantile: 0.5, Expected: []string{"imageDigest"}})
	if err != nil {
		t.Fatal(err)
	}
	for day := range 16 {
		median := time.Second
		if day >= 10 {
			median = 1400 * time.Millisecond
		}
		r := runtest.New(fmt.Sprintf("run-%02d", day), "runc", "gvisor").
			Draw("runc", 20, runtest.LogNormal(uint64(day+1), median, 0.1)).Draw("gvisor", 20, runtest.LogNormal(uint64(day+101), 2*time.Second, 0.1)).Run()
		r.Header.Started = r.Header.Started.AddDate(0, 0, day)
		switch day {
		case 4:
			r.End.Reason = record.EndInterrupted
		case 6:
			r.Header.Cluster.Kernel = "6.2.0"
		}
		s := history.Source{File: fmt.Sprintf("results/run-%02d.jsonl", day), Run: r}
		if day == 10 {
			s.Label = "4f2c1d0"
		}
		for _, c := range change {
			c(&s)
		}
		b.Add(s)
	}
	h, err := b.History()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestGoldenHistory(t *testing.T) {
	h := aHistory(t)
	for extension, draw := range map[string]func(io.Writer, *history.History) error{".txt": History, ".json": HistoryJSON, ".html": unstyled} {
		t.Run(extension, func(t *testing.T) {
			golden.Check(t, "history"+extension, func(w io.Writer) error { return draw(w, h) })
		})
	}
}

// unstyled is the page without its style, which changes for other reasons.
func unstyled(w io.Writer, h *history.History) error {
	var out strings.Builder
	if err := HistoryHTML(&out, h); err != nil {
		return err
	}
	head, rest, _ := strings.Cut(out.String(), "<style>")
	_, body, _ := strings.Cut(rest, "</style>")
	_, err := io.WriteString(w, head+body)
	return err
}

// What a run file, its name or a label says steers neither a terminal nor a page.
func TestHistoryIsHarmless(t *testing.T) {
	const bait = "\x1b[2J\n::error::\"><script>alert(1)</script>"
	h := aHistory(t, func(s *history.Source) {
		s.File, s.Label = "javascript:"+bait+s.File, bait
		s.Run.Header.RunID, s.Run.Header.Classes[0].Image = bait+s.Run.Header.RunID, bait
		s.Run.Header.Classes[0].ImageDigest = bait
		for i := range s.Run.Samples {
			if s.Run.Samples[i].RuntimeClass == "gvisor" {
				s.Run.Samples[i].RuntimeClass = bait
			}
		}
	})
	for name, draw := range map[string]func(io.Writer, *history.History) error{"text": History, "html": HistoryHTML} {
		var out bytes.Buffer
		if err := draw(&out, h); err != nil {
			t.Fatal(err)
		}
		for _, leak := range []string{"\x1b", "\n::", "<script", `href="javascript:`} {
			if name == "html" || !strings.HasPrefix(leak, "<") {
				if strings.Contains(out.String(), leak) {
					t.Errorf("%s holds %q", name, leak)
				}
			}
		}
	}
}

func TestAHistoryOnAFullDisk(t *testing.T) {
	h := aHistory(t)
	for name, draw := range map[string]func(io.Writer, *history.History) error{"text": History, "json": HistoryJSON, "html": HistoryHTML} {
		if draw(full{}, h) == nil {
			t.Errorf("%s was written on a full disk", name)
		}
	}
}
