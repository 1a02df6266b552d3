package page

import (
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// figures are those for which the runs have data, in the order of the page.
func figures(s *analysis.Summary, data *charts, drifts []analysis.Drift) []templates.Figure {
	list := slices.Concat(workFigures(s, data), loadFigures(s), scaleFigures(s, data), latencyFigures(s, data), courseFigures(s, data, drifts), instanceFigures(s, data), deployFigures(s), []templates.Figure{handlerFigure(s)})
	return slices.DeleteFunc(list, func(f templates.Figure) bool { return f.ID == "" })
}

// when is the figure, or an empty one if there is nothing to draw.
func when(drawn bool, f templates.Figure) templates.Figure {
	if !drawn {
		return templates.Figure{}
	}
	return f
}

// scaleFigures are about what changes with the number of services.
func scaleFigures(s *analysis.Summary, data *charts) []templates.Figure {
	many := len(data.Services) > 1
	limits, shortfalls := table.Limits(s), table.Shortfalls(s)
	return []templates.Figure{
		when(many && data.measured(), templates.Figure{ID: "scaleLatency", Title: "Latency against the number of services",
			Lead:  "Median with its 95 % interval, and p95 dashed, by how many services were fired together.",
			Table: htmlTable("Latency by number of services", table.Summary(s))}),
		when(many, templates.Figure{ID: "scaleAnswered", Title: "Answered against the number of services",
			Lead:  "The share of the requests that were answered before the client timeout, by how many services were fired together.",
			Table: htmlTable("Answers and instances by number of services", table.Instances(s))}),
		when(limits != nil, templates.Figure{ID: "limit", Title: "The limit", Lead: table.LimitNote(s), Plain: true,
			Table: htmlTable("The limit of each class", limits)}),
		when(shortfalls != nil, templates.Figure{ID: "shortfall", Title: "Why rounds fell short", Lead: table.ShortfallNote, Plain: true,
			Table: htmlTable("What was seen in rounds in which not every service was answered", shortfalls)}),
	}
}

// latencyFigures are about the distribution of the latency.
func latencyFigures(s *analysis.Summary, data *charts) []templates.Figure {
	measured := data.measured()
	return []templates.Figure{
		when(measured, templates.Figure{ID: "latency", Title: "Latency per class",
			Lead:  "Each point is one cold start. Below the points, a diamond is the median with its 95 % interval, a tick the p95. A hollow triangle timed out: its latency is more than where it stands. If that is far beyond all others, it stands at the edge of the chart." + data.thinned(),
			Table: htmlTable("Percentiles of the latency", percentileTable(s, 0.1, 0.25, 0.5, 0.75, 0.9))}),
		when(measured, templates.Figure{ID: "cumulative", Title: "Cumulative distribution",
			Lead:  "The share of cold starts that were answered within a latency. A line that ends below 100 % in a hollow triangle has requests that timed out: of those, only that they took longer is known.",
			Table: htmlTable("Share of the cold starts answered within", withinTable(s))}),
		when(measured, templates.Figure{ID: "percentiles", Title: "Latency by percentile",
			Lead:  "The same on the scale of an HDR histogram: each step to the right has a tenth of the requests left, so that the tail is seen. Few samples end early.",
			Table: htmlTable("Upper percentiles, with their 95 % upper bounds", percentileTable(s, 0.5, 0.9, 0.95, 0.99, 0.999))}),
	}
}

// courseFigures are about the course of a cold start, and of the run.
func courseFigures(s *analysis.Summary, data *charts, drifts []analysis.Drift) []templates.Figure {
	spans := table.Spans(s)
	return []templates.Figure{
		when(data.has(func(c *cellChart) bool { return len(c.Phases) > 1 }), templates.Figure{ID: "phases", Title: "Phases of a cold start",
			Lead:   "Each bar is as long as the median of its step and ends at the median since the request, as in the table; as medians they need not join. The upright line is the end of the answer. A dashed outline runs backwards: that phase came before the one above it in the list, as when the answer arrives before the watch tells of Ready." + table.Lacking(s),
			Legend: phaseLegend(data.Phases), Table: htmlTable("Phases, as medians", table.Phases(s))}),
		when(spans != nil, templates.Figure{ID: "spans", Title: "What Knative says of it",
			Lead:  table.SpanNote + " The activator's wait is the cold start as Knative sees it; what follows is the cost of answering." + table.TracingCost(s) + table.Lacking(s),
			Plain: true, Table: htmlTable("Spans of Knative's components, as medians", spans)}),
		when(data.has(func(c *cellChart) bool { return len(c.Samples) > 1 }), templates.Figure{ID: "order", Title: "Latency over the run",
			Lead:  "Every request when it was sent, to see drift. Grey: not proven cold, or failed; these are not in the figures above.",
			Table: htmlTable("Median of each run's first half against its second", driftTable(drifts, s))}),
	}
}

// instanceFigures are about the instances of the services.
func instanceFigures(s *analysis.Summary, data *charts) []templates.Figure {
	return []templates.Figure{
		instanceFigure(data.Instances),
		when(data.has(func(c *cellChart) bool { return c.Availability != nil && len(c.Availability.Answered) > 0 }), answeringFigure(s)),
		when(data.has(func(c *cellChart) bool { return c.Availability != nil && c.Availability.Median != nil }), gapFigure(s)),
		memoryFigure(s, data.Memory),
	}
}
