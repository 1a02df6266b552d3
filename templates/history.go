package templates

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
)

//go:embed history.html
var historyText string

//go:embed history.css
var historyStyle string

var historyTemplate = template.Must(template.New("history.html").Option("missingkey=error").Parse(historyText))

// The frame of every chart of a history, in pixels: where the points may be.
const (
	HistoryLeft = 64
	HistoryTop  = 28
	HistoryHigh = 220
)

// History is the page of many runs over time. Everything in it may come from a run file
// and is escaped. It has no script: its charts are drawn when it is made.
type History struct {
	Title, Lead string
	Series      []HistorySeries
	Apart       []string
	Note        string
}

// HistorySeries is one chart, with a row for each run.
type HistorySeries struct {
	ID, Title, Lead string
	Notes           []string
	Chart           *HistoryChart // nil where there is nothing to draw
	Changes         []string
	NoChange        string
	Table           HistoryTable
	Apart           []string
}

// HistoryTable is a table whose rows can be pointed at and whose cells may lead elsewhere.
type HistoryTable struct {
	Caption string
	Head    []Heading
	Rows    []HistoryRow
}

// HistoryRow is a row with its name within the page.
type HistoryRow struct {
	ID    string
	Cells []HistoryCell
}

// HistoryCell is a text, and where it leads to unless that is empty.
type HistoryCell struct{ Text, Link string }

// HistoryChart is a drawing, in pixels from the upper left corner.
type HistoryChart struct {
	Name          string
	Width, Height int
	Grid          []HistoryTick
	Dates         []HistoryDate
	Levels        []HistoryLevel
	Bands         []HistoryBand
	Changes       []HistoryMark
	Points        []HistoryPoint
}

// HistoryTick is a line across the chart with a latency beside it.
type HistoryTick struct {
	Y, TextY, TextX, To int
	Text                string
}

// HistoryDate is a day below the chart.
type HistoryDate struct {
	X, Y int
	Text string
}

// HistoryLevel is the mean of the runs between two changes.
type HistoryLevel struct{ From, To, Y int }

// HistoryBand is where a change may be.
type HistoryBand struct {
	X, Width int
	Text     string
}

// HistoryMark is a change. Direction is "slower" or "faster".
type HistoryMark struct {
	X, Bottom, TextY int
	Direction, Text  string
}

// HistoryPoint is a run. Row is the ID of its row. Kind is "over" for one that lies
// among failures or timeouts.
type HistoryPoint struct {
	X, Y            int
	Row, Kind, Text string
}

// RenderHistory fills in history.html: one file that needs no network and runs no
// script.
func RenderHistory(h History) ([]byte, error) {
	var out bytes.Buffer
	err := historyTemplate.Execute(&out, struct {
		History
		Style            template.CSS
		Left, Top, Inner int
	}{h, template.CSS(reportStyle + historyStyle), HistoryLeft, HistoryTop, HistoryHigh})
	if err != nil {
		return nil, fmt.Errorf("render history.html: %w", err)
	}
	return out.Bytes(), nil
}
