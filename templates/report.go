package templates

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
)

//go:embed report.html
var reportText string

//go:embed report.css
var reportStyle string

//go:embed report.js
var reportPage string

//go:embed live.js
var reportLive string

//go:embed charts.js
var reportCharts string

//go:embed echarts/echarts.min.js
var echarts string

//go:embed echarts/LICENSE
var echartsLicence string

//go:embed echarts/NOTICE
var echartsNotice string

//go:embed echarts/zrender.LICENSE
var zrenderLicence string

// EChartsVersion is that of the Apache ECharts in the report; scripts/update-echarts
// has its checksums.
const EChartsVersion = "6.1.0"

var reportTemplate = template.Must(template.New("report.html").Option("missingkey=error").Parse(reportText))

// Report is the HTML report of one or several runs. Everything in it may come
// from a run file and is escaped.
type Report struct {
	Title string
	Lead  string
	// Facts say where the runs were made.
	Facts []Fact
	// Checks and Warnings say whether the numbers can be trusted.
	Checks   []Check
	Warnings []string
	Results  Table
	Notes    []string
	// Classes are the RuntimeClasses, and Services the numbers of services fired
	// together, that the charts can be narrowed to.
	Classes  []string
	Services []int
	Figures  []Figure
	Runs     []Table
	// Data is what the charts draw, as JSON.
	Data any
}

// Fact is a name and a value.
type Fact struct{ Name, Value string }

// Check is one question of validity. State is "good", "bad" or "unknown".
type Check struct{ Name, State, Value, Note string }

// Figure is a chart with a table of the same. ID is the chart's name in charts.js.
type Figure struct {
	ID, Title, Lead string
	// Plain says that there is a table only, and no chart.
	Plain bool
	// Legend names the colours of a chart, unless they are those of the classes.
	Legend []Fact
	Table  Table
}

// Table is rows of cells under headings.
type Table struct {
	Caption string
	Head    []Heading
	Rows    [][]string
}

// Heading is the heading of a column.
type Heading struct {
	Text string
	// Number says that the column is aligned to the right.
	Number bool
}

// page is a report with the parts of the page that never change.
type page struct {
	Report
	// Live says that the page changes while a run goes on.
	Live     bool
	Policy   string
	Style    template.CSS
	ECharts  template.JS
	Script   template.JS
	Version  string
	Licences []Fact
}

// RenderReport fills in report.html: one file that needs no network. Its policy
// lets the browser run the page's own two scripts and nothing else.
func RenderReport(r Report) ([]byte, error) {
	return renderPage(r, reportCharts+reportPage, false)
}

// RenderLive is RenderReport of a run that goes on. The page takes what changes from
// where it came from, at "events"; RenderContent makes it.
func RenderLive(r Report) ([]byte, error) {
	return renderPage(r, reportCharts+reportPage+reportLive, true)
}

// RenderContent is what changes in the page of a run that goes on.
func RenderContent(r Report) ([]byte, error) {
	var out bytes.Buffer
	if err := reportTemplate.ExecuteTemplate(&out, "content", r); err != nil {
		return nil, fmt.Errorf("render the content of report.html: %w", err)
	}
	return out.Bytes(), nil
}

func renderPage(r Report, script string, live bool) ([]byte, error) {
	policy := fmt.Sprintf("default-src 'none'; style-src 'unsafe-inline'; script-src %s %s", hashSource(echarts), hashSource(script))
	if live {
		policy += "; connect-src 'self'"
	}
	var out bytes.Buffer
	err := reportTemplate.Execute(&out, page{
		Report: r, Live: live, Version: EChartsVersion, Policy: policy,
		Style: template.CSS(reportStyle), ECharts: template.JS(echarts), Script: template.JS(script),
		Licences: []Fact{{"Apache ECharts: NOTICE", echartsNotice}, {"Apache ECharts: LICENSE", echartsLicence}, {"zrender: LICENSE", zrenderLicence}},
	})
	if err != nil {
		return nil, fmt.Errorf("render report.html: %w", err)
	}
	return out.Bytes(), nil
}

// hashSource names a script in a Content-Security-Policy.
func hashSource(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
