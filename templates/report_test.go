package templates

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// What is embedded is what scripts/update-echarts makes, at the version stated.
func TestEChartsIsWhatTheScriptPins(t *testing.T) {
	script, err := os.ReadFile("../scripts/update-echarts")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(echarts))
	for _, want := range []string{"bundle=" + hex.EncodeToString(sum[:]), "\necharts " + EChartsVersion + " sha512-"} {
		if !strings.Contains(string(script), want) {
			t.Errorf("scripts/update-echarts does not say %q", want)
		}
	}
	if !strings.HasPrefix(echarts, "/*! Apache ECharts "+EChartsVersion+" ") {
		t.Errorf("the bundle begins with %q, want version %s", echarts[:60], EChartsVersion)
	}
}

// A script that held its own end tag would spill onto the page.
func TestScriptsDoNotEndEarly(t *testing.T) {
	for name, script := range map[string]string{"echarts.min.js": echarts, "charts.js": reportCharts, "report.js": reportPage, "live.js": reportLive} {
		for _, end := range []string{"</script", "<!--", "<script"} {
			if strings.Contains(strings.ToLower(script), end) {
				t.Errorf("%s holds %q", name, end)
			}
		}
	}
}

func TestRenderReportEscapesEveryValue(t *testing.T) {
	bait := `"><b onclick='x'>&lt;</style></script><b>`
	table := Table{Caption: bait, Head: []Heading{{Text: bait}, {Text: bait, Number: true}}, Rows: [][]string{{bait, bait}}}
	text, err := RenderReport(Report{
		Title: bait, Lead: bait, Facts: []Fact{{bait, bait}}, Checks: []Check{{bait, bait, bait, bait}}, Warnings: []string{bait},
		Results: table, Notes: []string{bait}, Classes: []string{bait}, Runs: []Table{table},
		Figures: []Figure{{ID: bait, Title: bait, Lead: bait, Legend: []Fact{{bait, bait}}, Table: table}},
		Data:    map[string]string{bait: bait},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"<b>", "<b onclick"} {
		if strings.Contains(string(text), leak) {
			t.Errorf("the page holds %q", leak)
		}
	}
}

func TestTheReportShipsItsLicences(t *testing.T) {
	text, err := RenderReport(Report{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Apache License", "The Apache Software Foundation", "Baidu Inc.", "Apache ECharts " + EChartsVersion} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
}
