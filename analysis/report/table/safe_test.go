package table

import (
	"strings"
	"testing"
	"unicode"
)

func TestTextsThatSteer(t *testing.T) {
	for text, want := range map[string]string{
		"runc":                     "runc",
		"µs … – ≤ é":               "µs … – ≤ é",
		"a\x1b[31mb\x07\rc\nd\x9b": "a?[31mb??c?d?",
		"\u202ereversed\u2066":     "?reversed?",
		"::error::x":               ": :error::x",
		"  ::add-mask::x":          "  : :add-mask::x",
		"a ::b":                    "a ::b",
		"x ##[command]y":           "x # #[command]y",
		"####[group]":              "### #[group]",
		"##vso[task.setvariable]":  "# #vso[task.setvariable]",
		"##teamcity[x]##[y]":       "# #teamcity[x]# #[y]",
		"\u00a0::error::x":         "\u00a0: :error::x",
		"\u2028::error::x\u0085":   "?::error::x?",
	} {
		if got := Line(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Lines("a\n::error::b\r\nc"); got != "a\n: :error::b?\nc" {
		t.Errorf("%q", got)
	}
}

// Long names leave room for the numbers, and stay different.
func TestLongNamesAreCut(t *testing.T) {
	long := strings.Repeat("very-long-", 20)
	tt := New("runtimeClass", " p50", "what")
	tt.Row(long+"a", "1.00s", long)
	tt.Row(long+"b", "2.00s", "")
	var b strings.Builder
	if err := tt.Text(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if at := strings.Index(lines[1], "1.00s"); at < 0 || at > 60 {
		t.Errorf("the number is at column %d:\n%s", at, b.String())
	}
	if !strings.Contains(lines[1], "…") || lines[1][:40] == lines[2][:40] && !strings.Contains(lines[1], "a  ") {
		t.Errorf("the names are no longer told apart:\n%s", b.String())
	}
	if !strings.Contains(lines[1], long) {
		t.Errorf("the last column, which nothing follows, is cut:\n%s", b.String())
	}
}

// FuzzLines: whatever a text is, its lines stay as many, and none steers anything.
func FuzzLines(f *testing.F) {
	for _, s := range []string{"", "runc", "a\n::error::b\r\nc", "\x1b]8;;x\x07", "##[a]##vso[b]", "###[", "\u202e\u2028::x", "\xff\xfe::", " :::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Lines(s)
		if strings.Count(got, "\n") != strings.Count(s, "\n") {
			t.Errorf("%q: %q has other lines", s, got)
		}
		for line := range strings.SplitSeq(got, "\n") {
			if strings.ContainsFunc(line, unicode.IsControl) || strings.ContainsFunc(line, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }) {
				t.Errorf("%q: %q steers a terminal", s, line)
			}
			if strings.HasPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::") || buildCommand.MatchString(line) {
				t.Errorf("%q: %q is a command", s, line)
			}
			if Line(line) != line {
				t.Errorf("%q: %q is made safe once more, as %q", s, line, Line(line))
			}
		}
	})
}
