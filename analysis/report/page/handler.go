package page

import (
	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// handlerFigure is about what the handlers of the classes cost to have.
func handlerFigure(s *analysis.Summary) templates.Figure {
	costs := table.Handlers(s)
	return when(costs != nil, templates.Figure{ID: "handlers", Title: "What the runtimes cost to have", Lead: table.HandlerNote, Plain: true,
		Table: htmlTable("Files, memory and times of each handler", costs)})
}
