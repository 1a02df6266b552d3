package report

import (
	"io"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/history"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/page"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// History writes the history of many runs as people read it: for each series its runs,
// its changes, and the runs that were left out.
func History(w io.Writer, h *history.History) error {
	p := printer{w: w}
	for _, s := range h.Series {
		p.line("%s of %s: %s", table.PercentileName(h.Quantile), s.Key, table.SeriesText(s))
		if len(s.Differs) > 0 {
			p.line("  in a series of its own, because %s", differences(s.Differs))
		}
		p.line("")
		if len(s.Points) > 0 {
			p.table(table.History(s, h.Quantile))
			p.line("")
		}
		for _, c := range s.Changes {
			p.line("change: %s", table.ChangeText(c, s))
		}
		if len(s.Changes) == 0 {
			p.line("%s", table.NoChangeText(s))
		}
		p.apart(s.Apart)
		p.line("")
	}
	p.apart(h.Apart)
	p.line("%s", table.HistoryNote)
	p.narrowed()
	return p.err
}

func (p *printer) apart(list []history.Apart) {
	for _, a := range list {
		p.line("not used: %s", table.ApartText(a))
	}
}

func differences(list []pool.Mismatch) string {
	var texts []string
	for _, m := range list {
		texts = append(texts, m.String())
	}
	return strings.Join(texts, ", ")
}

// HistoryJSON writes the history as one indented object.
func HistoryJSON(w io.Writer, h *history.History) error { return writeJSON(w, h) }

// HistoryHTML writes the history as one page that needs no network.
func HistoryHTML(w io.Writer, h *history.History) error { return page.WriteHistory(w, h) }
