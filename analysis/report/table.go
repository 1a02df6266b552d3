package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is rows of cells under headings. A column whose heading starts with a
// space is aligned to the right.
type table struct {
	head []string
	rows [][]string
}

func newTable(head ...string) *table { return &table{head: head} }

func (t *table) row(cells ...string) {
	for i := range cells {
		cells[i] = plain(cells[i])
	}
	t.rows = append(t.rows, cells)
}

func (t *table) right(column int) bool { return strings.HasPrefix(t.head[column], " ") }

func (t *table) title(column int) string { return strings.TrimSpace(t.head[column]) }

// ditto empties the leading columns where they say what stands above.
func (t *table) ditto(columns ...int) {
	above := make([]string, len(t.head))
	for _, row := range t.rows {
		same := true
		for _, i := range columns {
			same = same && row[i] == above[i]
			above[i] = row[i]
			if same {
				row[i] = ""
			}
		}
	}
}

// text writes the table in columns two spaces apart.
func (t *table) text(w io.Writer) error {
	widths := make([]int, len(t.head))
	titles := make([]string, len(t.head))
	for i := range t.head {
		titles[i] = t.title(i)
	}
	lines := append([][]string{titles}, t.rows...)
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, t.line(line, widths)); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) line(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if t.right(i) {
			b.WriteString(pad + cell)
		} else {
			b.WriteString(cell + pad)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// markdown writes the table in GitHub's dialect.
func (t *table) markdown(w io.Writer) error {
	var b strings.Builder
	for i := range t.head {
		b.WriteString("| " + escapeMarkdown(t.title(i)) + " ")
	}
	b.WriteString("|\n")
	for i := range t.head {
		if t.right(i) {
			b.WriteString("| ---: ")
		} else {
			b.WriteString("| --- ")
		}
	}
	b.WriteString("|\n")
	for _, row := range t.rows {
		for _, cell := range row {
			b.WriteString("| " + escapeMarkdown(cell) + " ")
		}
		b.WriteString("|\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "`", "\\`", "*", `\*`, "_", `\_`,
	"[", `\[`, "]", `\]`, "~", `\~`, "\r", " ", "\n", " ")

func escapeMarkdown(s string) string { return markdownEscapes.Replace(s) }
