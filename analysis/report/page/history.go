package page

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"path/filepath"

	"github.com/kn-coldstart/kn-coldstart/analysis/history"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// WriteHistory writes the page of many runs over time: a chart for each series, with a
// point for each run that leads to the run's row, and from there to its file.
func WriteHistory(w io.Writer, h *history.History) error {
	page, err := templates.RenderHistory(historyPage(h))
	if err != nil {
		return err
	}
	if _, err := w.Write(page); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	return nil
}

func historyPage(h *history.History) templates.History {
	percentile := table.PercentileName(h.Quantile)
	page := templates.History{Title: "Cold starts over time: " + percentile, Note: table.HistoryNote, Apart: apartTexts(h.Apart)}
	changes := 0
	for i, s := range h.Series {
		page.Series = append(page.Series, historySeries(s, fmt.Sprintf("series-%d", i), h.Quantile))
		changes += len(s.Changes)
	}
	page.Lead = fmt.Sprintf("%s with %s.", countOf(len(h.Series), "series", "series"), count(changes, "change"))
	return page
}

func historySeries(s history.Series, id string, q float64) templates.HistorySeries {
	percentile := table.PercentileName(q)
	one := templates.HistorySeries{ID: id, Title: table.Plain(s.Key.String()), Lead: table.SeriesText(s), NoChange: table.NoChangeText(s), Apart: apartTexts(s.Apart)}
	for _, m := range s.Differs {
		one.Notes = append(one.Notes, table.Plain("In a series of its own: "+m.String()))
	}
	for _, c := range s.Changes {
		one.Changes = append(one.Changes, table.Plain(table.ChangeText(c, s)))
	}
	one.Table = historyTable(s, id, q)
	if len(s.Points) > 0 {
		one.Chart = newDrawing(s).chart(s, id, percentile+" of "+one.Title+" by run")
	}
	return one
}

// historyTable is the table of the text, with a column for the run files.
func historyTable(s history.Series, id string, q float64) templates.HistoryTable {
	from := table.History(s, q)
	t := templates.HistoryTable{Caption: table.PercentileName(q) + " of each run, in the order of time"}
	for _, h := range from.Head {
		t.Head = append(t.Head, templates.Heading{Text: h.Text, Number: h.Right})
	}
	t.Head = append(t.Head, templates.Heading{Text: "file"})
	for i, row := range from.Rows {
		one := templates.HistoryRow{ID: rowID(id, i)}
		for _, cell := range row {
			one.Cells = append(one.Cells, templates.HistoryCell{Text: cell})
		}
		file := s.Points[i].File
		one.Cells = append(one.Cells, templates.HistoryCell{Text: table.Plain(cmp.Or(file, table.None)), Link: link(file)})
		t.Rows = append(t.Rows, one)
	}
	return t
}

func rowID(series string, i int) string { return fmt.Sprintf("%s-run-%d", series, i) }

// link is the address of a file, seen from where the command ran. Standard input has
// none.
func link(file string) string {
	if file == "" || file == "-" {
		return ""
	}
	return (&url.URL{Path: filepath.ToSlash(file)}).String()
}

func apartTexts(list []history.Apart) []string {
	var texts []string
	for _, a := range list {
		texts = append(texts, table.Plain(table.ApartText(a)))
	}
	return texts
}
