package report

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// betweenCells is what tables have between two cells, and sentences do not.
var betweenCells = regexp.MustCompile(`\S {2,}\S`)

// tooWide are the lines of a text that are part of a table or a drawing and do not fit.
func tooWide(text string) (rows int, lines []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if !betweenCells.MatchString(line) {
			continue
		}
		rows++
		if utf8.RuneCountInString(line) > table.Width {
			lines = append(lines, line)
		}
	}
	return rows, lines
}

// Every table of every run in testdata fits, but for that of seconds, which nobody gets who
// does not ask for it. The verdict's judgements are sentences.
func TestTablesFit(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasSuffix(name, ".seconds.txt") || strings.HasPrefix(name, "verdict") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found, wide := tooWide(string(text))
		rows += found
		for _, line := range wide {
			t.Errorf("%s: %d columns: %s", path, utf8.RuneCountInString(line), line)
		}
	}
	if rows < 300 {
		t.Errorf("only %d rows were found", rows)
	}
}

// On a wide writer nothing is left out, and nobody is told of anything left out.
func TestWideTablesAreWhole(t *testing.T) {
	s := analysis.Summarise(runtest.Scaled())
	var narrow, all bytes.Buffer
	if err := Text(&narrow, s); err != nil {
		t.Fatal(err)
	}
	if err := Text(Wide(&all), s); err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"  min ", "  scheduled ", "  without instances "} {
		if strings.Contains(narrow.String(), column) || !strings.Contains(all.String(), column) {
			t.Errorf("column %q is in the narrow table, or not in the wide one", column)
		}
	}
	if _, lines := tooWide(all.String()); len(lines) == 0 {
		t.Error("no line of the wide table is wide")
	}
	const note = "Columns that -o wide adds: "
	if !strings.Contains(narrow.String(), note+"min, max") || strings.Contains(all.String(), note) {
		t.Errorf("what is left out is not said:\n%s", narrow.String())
	}
}
