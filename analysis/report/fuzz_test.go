package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// steers matches what a terminal or a build service would obey.
var steers = regexp.MustCompile(`(?m)[\x00-\x09\x0b-\x1f\x7f-\x9f\x{202a}-\x{202e}]|^\s*::|##[A-Za-z]*\[`)

// FuzzReport: whatever a run file holds, it can be reported, and nothing in the text
// steers what shows it.
func FuzzReport(f *testing.F) {
	for _, path := range []string{
		"../gate/testdata/cases/one.jsonl", "../gate/testdata/cases/hour.jsonl", "../gate/testdata/cases/iter-0.jsonl",
		"../../cmd/kn-coldstart/testdata/files/inj.jsonl", "../../cmd/kn-coldstart/testdata/files/csv.jsonl",
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := record.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		s := analysis.Summarise(run)
		var text bytes.Buffer
		if err := errors.Join(Text(&text, s), Phases(&text, s), Spans(&text, s)); err != nil {
			t.Error(err)
		}
		if found := steers.FindString(text.String()); found != "" {
			t.Errorf("%q in %q", found, text.String())
		}
		if err := errors.Join(CSV(io.Discard, run), Markdown(io.Discard, s)); err != nil {
			t.Error(err)
		}
	})
}
