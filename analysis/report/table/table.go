package table

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Table is rows of cells under headings. Its cells hold no control characters.
type Table struct {
	Head []Heading
	Rows [][]string
	// spare and foldable say what Fit may do.
	spare    []string
	foldable int
	// titles are above the rows, where Fit took columns out; one that repeats the title of
	// the row above is not written.
	titles []string
}

// Heading is that of a column.
type Heading struct {
	Text string
	// Right says that the column is aligned to the right.
	Right bool
}

// New is a table without rows. A column whose heading starts with a space is aligned
// to the right.
func New(head ...string) *Table {
	t := &Table{}
	for _, text := range head {
		t.Head = append(t.Head, Heading{Text: strings.TrimSpace(text), Right: strings.HasPrefix(text, " ")})
	}
	return t
}

// Row adds a row.
func (t *Table) Row(cells ...string) {
	for i := range cells {
		cells[i] = Plain(cells[i])
	}
	t.Rows = append(t.Rows, cells)
}

// Once adds a row unless the table has it.
func (t *Table) Once(cells ...string) {
	t.Row(cells...)
	last := len(t.Rows) - 1
	if slices.ContainsFunc(t.Rows[:last], func(row []string) bool { return slices.Equal(row, t.Rows[last]) }) {
		t.Rows = t.Rows[:last]
	}
}

// orNil is the table, or nil if it has no rows.
func (t *Table) orNil() *Table {
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// Ditto empties the leading columns of each row in which they repeat those of the row
// above.
func (t *Table) Ditto(columns ...int) {
	t.Foldable(len(columns))
	above := make([]string, len(t.Head))
	for _, row := range t.Rows {
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

// Text writes the table in columns two spaces apart. Fit makes it narrower.
func (t *Table) Text(w io.Writer) error {
	var head []string
	for _, h := range t.Head {
		head = append(head, h.Text)
	}
	widths := t.widths()
	lines := []string{t.line(head, widths)}
	for i, row := range t.shortened() {
		if t.titles != nil && (i == 0 || t.titles[i] != t.titles[i-1]) {
			lines = append(lines, t.titles[i])
		}
		lines = append(lines, t.line(row, widths))
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, Line(line)); err != nil {
			return err
		}
	}
	return nil
}

// mostNameWidth is how wide a name in a text table may be, so that the numbers behind it
// stay in view.
const mostNameWidth = 40

// shortened are the rows with long names cut in the middle, where names differ least.
// The last column has nothing behind it and stays as it is.
func (t *Table) shortened() [][]string {
	rows := make([][]string, len(t.Rows))
	for i, row := range t.Rows {
		rows[i] = slices.Clone(row)
		for k := range row {
			if !t.Head[k].Right && k < len(row)-1 {
				rows[i][k] = Cut(row[k], mostNameWidth)
			}
		}
	}
	return rows
}

func (t *Table) line(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		pad := strings.Repeat(" ", widths[i]-Columns(cell))
		if t.Head[i].Right {
			b.WriteString(pad + cell)
		} else {
			b.WriteString(cell + pad)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// Markdown writes the table in GitHub's dialect.
func (t *Table) Markdown(w io.Writer) error {
	var b strings.Builder
	for _, h := range t.Head {
		b.WriteString("| " + EscapeMarkdown(h.Text) + " ")
	}
	b.WriteString("|\n")
	for _, h := range t.Head {
		if h.Right {
			b.WriteString("| ---: ")
		} else {
			b.WriteString("| --- ")
		}
	}
	b.WriteString("|\n")
	for _, row := range t.Rows {
		for _, cell := range row {
			b.WriteString("| " + EscapeMarkdown(cell) + " ")
		}
		b.WriteString("|\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "`", "\\`", "*", `\*`, "_", `\_`,
	"[", `\[`, "]", `\]`, "~", `\~`, "\r", " ", "\n", " ")

// EscapeMarkdown is a text that GitHub shows as it is.
func EscapeMarkdown(s string) string { return markdownEscapes.Replace(s) }
