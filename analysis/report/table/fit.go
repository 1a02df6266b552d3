package table

import (
	"slices"
	"strings"
)

// Width is how wide a text table is that fits everywhere.
const Width = 80

const (
	// leastName and leastText are how wide a column of names, and a last column of text,
	// stay at least.
	leastName, leastText = 12, 24
	gap                  = 2
)

// Spare names the columns that a narrow table can do without, by their headings, in the
// order in which they are left out.
func (t *Table) Spare(headings ...string) *Table {
	t.spare = headings
	return t
}

// Foldable says how many of the leading columns may become lines above the rows that have
// them in common. Ditto says it of the columns that it empties.
func (t *Table) Foldable(columns int) *Table {
	t.foldable = columns
	return t
}

// Fit is the table within a width, with the headings that had to be left out for it. It
// leaves out spare columns as long as it is too wide, then takes leading columns out as
// lines of their own, then shortens names. A last column of text goes on below itself.
func (t *Table) Fit(width int) (fitted *Table, left []string) {
	f := t.clone()
	for _, heading := range t.spare {
		if f.least() <= width {
			break
		}
		if f.drop(heading) {
			left = append(left, heading)
		}
	}
	for range t.foldable {
		if f.least() <= width {
			break
		}
		f.fold()
	}
	f.shorten(width)
	f.wrap(width)
	return f, left
}

func (t *Table) clone() *Table {
	f := &Table{Head: slices.Clone(t.Head), titles: slices.Clone(t.titles)}
	for _, row := range t.Rows {
		f.Rows = append(f.Rows, slices.Clone(row))
	}
	return f
}

// widths are those of the columns.
func (t *Table) widths() []int {
	widths := make([]int, len(t.Head))
	for i, h := range t.Head {
		widths[i] = Columns(h.Text)
		for _, row := range t.shortened() {
			widths[i] = max(widths[i], Columns(row[i]))
		}
	}
	return widths
}

// least is how wide the table is when its last column, if it is text, is as narrow as can be.
func (t *Table) least() int {
	widths := t.widths()
	sum := gap * (len(widths) - 1)
	for i, w := range widths {
		if i == len(widths)-1 && !t.Head[i].Right {
			w = min(w, leastText)
		}
		sum += w
	}
	return sum
}

// drop takes out all columns of a heading, if there are any.
func (t *Table) drop(heading string) (found bool) {
	for i := len(t.Head) - 1; i >= 0; i-- {
		if t.Head[i].Text == heading {
			t.remove(i)
			found = true
		}
	}
	return found
}

func (t *Table) remove(column int) {
	t.Head = slices.Delete(t.Head, column, column+1)
	for i := range t.Rows {
		t.Rows[i] = slices.Delete(t.Rows[i], column, column+1)
	}
}

// fold takes the first column out and adds it to the titles of the rows.
func (t *Table) fold() {
	if t.titles == nil {
		t.titles = make([]string, len(t.Rows))
	}
	above := ""
	for i, row := range t.Rows {
		if row[0] != "" {
			above = row[0]
		}
		t.titles[i] = strings.TrimPrefix(t.titles[i]+", "+t.Head[0].Text+": "+above, ", ")
	}
	t.remove(0)
}

// shorten cuts names, the longest column first, until the table is no wider than it may be.
func (t *Table) shorten(width int) {
	for excess := t.least() - width; excess > 0; excess = t.least() - width {
		widths, at := t.widths(), -1
		for i := range len(widths) - 1 {
			if !t.Head[i].Right && (at < 0 || widths[i] > widths[at]) {
				at = i
			}
		}
		if at < 0 || widths[at] <= leastName {
			return
		}
		most := max(leastName, widths[at]-excess)
		t.Head[at].Text = Cut(t.Head[at].Text, most)
		for _, row := range t.Rows {
			row[at] = Cut(row[at], most)
		}
	}
}

// wrap continues the last column, if it is text, in rows that have nothing else.
func (t *Table) wrap(width int) {
	last := len(t.Head) - 1
	widths := t.widths()
	if t.Head[last].Right {
		return
	}
	room := width - gap*last
	for _, w := range widths[:last] {
		room -= w
	}
	if widths[last] <= room {
		return
	}
	var rows [][]string
	var titles []string
	for i, row := range t.Rows {
		for n, line := range wrapped(row[last], max(room, leastText)) {
			next := make([]string, len(row))
			if n == 0 {
				copy(next, row)
			}
			next[last] = line
			rows = append(rows, next)
			if t.titles != nil {
				titles = append(titles, t.titles[i])
			}
		}
	}
	t.Rows, t.titles = rows, titles
}

// wrapped are the lines of a text, of which only a single word is longer than the room.
func wrapped(text string, room int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		line := &lines[len(lines)-1]
		switch {
		case *line == "":
			*line = word
		case Columns(*line)+1+Columns(word) <= room:
			*line += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
