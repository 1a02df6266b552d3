package table

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFit(t *testing.T) {
	wide := func() *Table {
		t := New("class", "step", " n", " min", " p50", "what").Spare("min", "n").Foldable(1)
		t.Row("runc", "ready", "10", "1.00s", "2.00s", "all that there is to say of it")
		t.Row("", "firstByte", "10", "1.00s", "2.00s", "short")
		t.Row("gvisor", "ready", "10", "1.00s", "2.00s", "")
		return t
	}
	for _, c := range []struct {
		name  string
		width int
		left  []string
		want  []string
	}{
		{"as it is", 73, nil, []string{
			"class   step        n    min    p50  what",
			"runc    ready      10  1.00s  2.00s  all that there is to say of it",
			"        firstByte  10  1.00s  2.00s  short",
			"gvisor  ready      10  1.00s  2.00s"}},
		{"text goes on below itself", 61, nil, []string{
			"class   step        n    min    p50  what",
			"runc    ready      10  1.00s  2.00s  all that there is to say",
			"                                     of it",
			"        firstByte  10  1.00s  2.00s  short",
			"gvisor  ready      10  1.00s  2.00s"}},
		{"without a spare column", 60, []string{"min"}, []string{
			"class   step        n    p50  what",
			"runc    ready      10  2.00s  all that there is to say of it",
			"        firstByte  10  2.00s  short",
			"gvisor  ready      10  2.00s"}},
		{"with titles", 44, []string{"min", "n"}, []string{
			"step         p50  what",
			"class: runc",
			"ready      2.00s  all that there is to say",
			"                  of it",
			"firstByte  2.00s  short",
			"class: gvisor",
			"ready      2.00s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := wide()
			fitted, left := from.Fit(c.width)
			var out bytes.Buffer
			if err := fitted.Text(&out); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.left, left); diff != "" {
				t.Errorf("left out: %s", diff)
			}
			if diff := cmp.Diff(wide().Rows, from.Rows); diff != "" {
				t.Errorf("the table itself changed: %s", diff)
			}
		})
	}
}

// The longest names are cut, and no further than they can still be told apart.
func TestFitShortensNames(t *testing.T) {
	wide := New("class", "image", " p50")
	wide.Row("runc", "registry.example/functions/one", "1.00s")
	for width, want := range map[int]string{
		100: "runc   registry.example/functions/one  1.00s",
		36:  "runc   registry.ex…ctions/one  1.00s",
		5:   "runc   regist…s/one  1.00s",
	} {
		fitted, _ := wide.Fit(width)
		var out bytes.Buffer
		if err := fitted.Text(&out); err != nil {
			t.Fatal(err)
		}
		if got := strings.Split(out.String(), "\n")[1]; got != want {
			t.Errorf("width %d: %q, want %q", width, got, want)
		}
	}
}
