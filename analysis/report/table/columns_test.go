package table

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "runc": 4, "±12µs …": 7, "▁▃█": 3, "日本語": 6, "한국": 4, "🚀": 2, "cafe\u0301": 4,
		"⚠\ufe0f": 2, "1\ufe0f\u20e3": 2, "🇩🇪": 2, "👩\u200d🚀": 2,
	} {
		if got := Columns(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}

// A name is cut between characters, and takes no more than it may.
func TestNamesOfWideCharactersAreCut(t *testing.T) {
	for _, c := range []struct {
		name string
		most int
		want string
	}{
		{"registry.example/one", 20, "registry.example/one"},
		{"registry.example/one", 11, "regis…e/one"},
		{"計測用の関数", 12, "計測用の関数"},
		{"計測用の関数", 11, "計測…関数"},
		{"計測用の関数", 8, "計測…数"},
		{"計測用の関数", 1, "…"},
		{"e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301…e\u0301"},
		{"👩\u200d🚀👩\u200d🚀👩\u200d🚀", 5, "👩\u200d🚀…👩\u200d🚀"},
	} {
		if got := Cut(c.name, c.most); got != c.want || Columns(got) > max(c.most, 1) {
			t.Errorf("%q in %d columns: %q, want %q", c.name, c.most, got, c.want)
		}
	}
}

// Columns are below one another whatever the names are written with.
func TestATableOfWideCharacters(t *testing.T) {
	tt := New("class", " p50", "what")
	tt.Row("計測", "1.00s", "日本語 の 文")
	tt.Row("runc", "2.00s", "")
	fitted, _ := tt.Fit(22)
	var out bytes.Buffer
	if err := fitted.Text(&out); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"class    p50  what",
		"計測   1.00s  日本語 の 文",
		"runc   2.00s",
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"日本語 の", "文字"}, wrapped("日本語 の 文字", 10)); diff != "" {
		t.Error(diff)
	}
}
