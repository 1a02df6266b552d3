package page

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// pictures and pictured let a person look at the page, and make the picture of
// it that the README shows:
//
//	go test ./analysis/report/page -run Pictures -pictures FOLDER -pictured RUN
var (
	pictures = flag.String("pictures", "", "folder to write pictures of the page to")
	pictured = flag.String("pictured", "../../testdata/single.jsonl", "run file to make pictures of")
)

// show writes the runs' page into a file and opens it from there.
func (b *browser) show(runs ...*record.Run) {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(page(b.t, runs...)), 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.open("file://" + path)
}

// quiet fails if the page complained, asked for anything but itself, or opened a
// dialog.
func (b *browser) quiet() {
	b.t.Helper()
	for _, e := range b.seen("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Page.javascriptDialogOpening") {
		b.t.Errorf("%s: %s", e.Method, e.Params)
	}
	for _, e := range b.seen("Network.requestWillBeSent") {
		var sent struct{ Request struct{ URL string } }
		if err := json.Unmarshal(e.Params, &sent); err != nil || !strings.HasPrefix(sent.Request.URL, "file://") {
			b.t.Errorf("the page asked for %q: %v", sent.Request.URL, err)
		}
	}
}

// drawn is what there is to be seen of a chart.
type drawn struct {
	ID            string
	Width, Height float64
	Shapes        int
	Texts         []string
}

const drawnCharts = `[...document.querySelectorAll('.chart')].map((e) => {
  const svg = e.querySelector('svg'), box = svg.getBoundingClientRect();
  return { id: e.id, width: box.width, height: box.height, shapes: svg.querySelectorAll('path').length,
    texts: [...svg.querySelectorAll('text')].map((t) => t.textContent) };
})`

func (b *browser) charts() []drawn {
	b.t.Helper()
	var list []drawn
	b.eval(drawnCharts, &list)
	return list
}

func TestBrowserDrawsEveryChart(t *testing.T) {
	b := chromium(t)
	for name, test := range map[string]struct {
		run  *record.Run
		want []string
	}{
		"real":     {runtest.Real(t, "../../testdata"), []string{"latency", "cumulative", "percentiles", "phases", "order", "instances"}},
		"load":     {runtest.Loaded(), []string{"loadLatency", "loadInstances", "instances"}},
		"deployed": {runtest.Deployed(), []string{"scaleLatency", "scaleAnswered", "latency", "cumulative", "percentiles", "phases", "order", "answering", "deployed", "removed"}},
		"burst":    {runtest.Burst(), []string{"scaleLatency", "scaleAnswered", "latency", "cumulative", "percentiles", "phases", "order", "instances", "answering", "gap"}},
		"scaled":   {runtest.Scaled(), []string{"scaleLatency", "scaleAnswered", "latency", "cumulative", "percentiles", "phases", "order", "instances", "answering", "gap", "memory"}},
		"troubled": {runtest.Troubled(), []string{"scaleLatency", "scaleAnswered", "latency", "cumulative", "percentiles", "phases", "order", "answering"}},
	} {
		b.show(test.run)
		var got []string
		for _, c := range b.charts() {
			got = append(got, c.ID)
			if c.Width < 300 || c.Height < 100 || c.Shapes < 8 || len(c.Texts) < 3 {
				t.Errorf("%s: chart %s is hardly drawn: %+v", name, c.ID, c)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: charts %v, want %v", name, got, test.want)
		}
	}
	b.quiet()
}

// Thirty cold starts of about a second and one that timed out after 100 s: the points
// still fill their chart, whose scale ends where the answers do.
func TestBrowserOneTimeoutSqueezesNoPoint(t *testing.T) {
	b := chromium(t)
	r := runtest.New("r", "runc").Draw("runc", 30, runtest.LogNormal(1, time.Second, 0.1)).Add("runc", 1, 0, runtest.TimedOut).Run()
	b.show(r)
	looked := 0
	for _, c := range b.charts() {
		if c.ID != "latency" && c.ID != "cumulative" {
			continue
		}
		looked++
		for _, text := range c.Texts {
			if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds > 5 {
				t.Errorf("chart %s has a scale up to %s s", c.ID, text)
			}
		}
	}
	if looked != 2 {
		t.Errorf("%d charts were looked at", looked)
	}
	b.quiet()
}

// What the colours mean is said on paper too, where the controls are not.
func TestBrowserPrintsTheLegend(t *testing.T) {
	b := chromium(t)
	b.show(runtest.Three())
	const seen = `(() => { const e = document.querySelector('.legend.printed'); return [getComputedStyle(e).display, e.textContent].join(' ') })()`
	var onScreen, onPaper string
	b.eval(seen, &onScreen)
	b.call("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	b.eval(seen, &onPaper)
	if !strings.HasPrefix(onScreen, "none ") || !strings.HasPrefix(onPaper, "flex ") || !strings.Contains(onPaper, "gvisor") {
		t.Errorf("on the screen %q, on paper %q", onScreen, onPaper)
	}
}

// What Knative's components say is a table without a chart: it is seen unopened,
// and what is part of another is set in.
func TestBrowserShowsTheSpans(t *testing.T) {
	b := chromium(t)
	b.show(runtest.Real(t, "../../testdata"))
	var got struct {
		Seen          bool
		After         string
		Rows, Columns int
		Cells         []string
		Indent        float64
	}
	b.eval(`(() => { const title = document.getElementById('spans-title'), s = title.closest('section'), rows = [...s.querySelectorAll('tbody tr')];
	  const left = (row) => { const r = document.createRange(), text = row.cells[2].firstChild, from = text.data.search(/[^\u00a0]/);
	    r.setStart(text, from); r.setEnd(text, from + 1); return r.getBoundingClientRect().left; };
	  return { seen: rows[0].checkVisibility(), after: s.previousElementSibling.querySelector('.chart').id, rows: rows.length, columns: rows[0].cells.length,
	    cells: [...rows[1].cells].map((c) => c.textContent.trim()), indent: left(rows[1]) - left(rows[0]) }; })()`, &got)
	if !got.Seen || got.After != "phases" || got.Rows != 21 || got.Columns != 6 || got.Indent < 4 {
		t.Errorf("the spans are %+v, want 7 of each class in sight, set in, below the phases", got)
	}
	if len(got.Cells) < 6 || got.Cells[0] != "runc" || got.Cells[1] != "activator" || got.Cells[5] != "waiting for an instance" {
		t.Errorf("the second row says %q, want the activator's wait for runc", got.Cells)
	}
	b.quiet()
}

func TestBrowserFollowsTheControls(t *testing.T) {
	b := chromium(t)
	b.show(runtest.Three())
	labels := func() []string { return b.charts()[0].Texts }
	if got := labels(); !slices.Contains(got, "gvisor") {
		t.Fatalf("the first chart says %q, want every class", got)
	}
	b.eval(`document.querySelector('[name=class][value="2"]').click()`, nil)
	if got := labels(); slices.Contains(got, "gvisor") || !slices.Contains(got, "runc") {
		t.Errorf("without gvisor the first chart says %q", got)
	}
	before := labels()
	b.eval(`document.querySelector('[name=log]').click()`, nil)
	if slices.Equal(labels(), before) {
		t.Error("the logarithmic axis is the linear one")
	}
	b.show(runtest.Troubled())
	b.eval(`(() => { const s = document.querySelector('[name=services]'); s.value = '1'; s.dispatchEvent(new Event('change', { bubbles: true })); })()`, nil)
	for _, c := range b.charts() {
		if c.ID == "latency" && slices.Contains(c.Texts, "gvisor") {
			t.Error("gvisor was not measured at 1 service, and is drawn")
		}
	}
	b.quiet()
}

func TestBrowserShowsValuesToKeysAndPointer(t *testing.T) {
	b := chromium(t)
	b.call("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true}, nil)
	b.show(runtest.Real(t, "../../testdata"))
	tip := func() (text string) {
		b.eval(`[...document.querySelectorAll('.tip')].filter((e) => e.checkVisibility()).map((e) => e.textContent).join('')`, &text)
		return text
	}
	b.eval(`document.getElementById('latency').focus()`, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": "ArrowRight"}, nil)
	var spoken string
	b.eval(`document.getElementById('spoken').textContent`, &spoken)
	if !strings.Contains(tip(), "cs-runc") || !strings.Contains(spoken, "cs-runc") {
		t.Errorf("after an arrow key the chart shows %q and says %q, want a service of runc", tip(), spoken)
	}
	b.eval(`document.activeElement.blur()`, nil)
	if got := tip(); got != "" {
		t.Errorf("out of focus the chart still shows %q", got)
	}
	var at []float64 // where the bar of the first phase is
	b.eval(`(() => { const c = all.find((c) => c.element.id === 'phases'); c.element.scrollIntoView({ block: 'center' });
	  const box = c.element.getBoundingClientRect(), p = c.chart.convertToPixel({ gridIndex: 0 }, [0.3, 0]);
	  return [box.x + p[0], box.y + p[1]]; })()`, &at)
	b.call("Input.dispatchMouseEvent", map[string]any{"type": "mouseMoved", "x": at[0], "y": at[1]}, nil)
	b.eval(`new Promise((done) => setTimeout(done, 100))`, nil)
	if got := tip(); !strings.Contains(got, "runc: sandboxReady") {
		t.Errorf("over the phases the chart shows %q", got)
	}
	b.quiet()
}

func TestBrowserIsNotMovedByAHostileRunFile(t *testing.T) {
	b := chromium(t)
	b.show(hostileRun())
	var found struct {
		Title         string
		Scripts, Bait int
	}
	b.eval(`all.forEach((c) => { c.element.focus(); c.series.forEach((s) => { c.walk(1, 0); s.forEach(() => c.walk(0, 1)); }); })`, nil)
	b.eval(`({ title: document.title, scripts: document.scripts.length, bait: document.querySelectorAll('img, .tip script').length })`, &found)
	if found.Title != "Cold starts: "+hostile+", runc" || found.Scripts != 3 || found.Bait != 0 {
		t.Errorf("the page is %+v", found)
	}
	var tips, spoken string
	b.eval(`[...document.querySelectorAll('.tip')].map((e) => e.textContent).join('')`, &tips)
	b.eval(`document.getElementById('spoken').textContent`, &spoken)
	if !strings.Contains(tips, hostile) || !strings.Contains(spoken, hostile) {
		t.Errorf("the charts show %q and say %q, want the text as it is", tips, spoken)
	}
	b.quiet()
}

// Should a way in be found after all, the page's policy stops what came by it.
func TestBrowserRunsNoScriptButThePages(t *testing.T) {
	b := chromium(t)
	b.show(runtest.Three())
	b.eval(`(() => { const s = document.createElement('script'); s.textContent = 'window.owned = 1'; document.body.append(s);
	  const d = document.createElement('div'); d.innerHTML = '<img src=x onerror="window.owned = 2">'; document.body.append(d); })()`, nil)
	var owned string
	b.eval(`new Promise((done) => setTimeout(() => done(String(window.owned)), 100))`, &owned)
	if owned != "undefined" {
		t.Errorf("foreign script %s ran", owned)
	}
}

func TestPictures(t *testing.T) {
	if *pictures == "" {
		t.Skip("no -pictures")
	}
	run, err := record.ReadFile(*pictured)
	if err != nil {
		t.Fatal(err)
	}
	b := chromium(t)
	for name, width := range map[string]int{"light": 1120, "dark": 1120, "narrow": 420} {
		b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
		b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": name}}}, nil)
		b.show(run)
		b.keep("Page.captureScreenshot", filepath.Join(*pictures, name+".png"))
	}
	b.keep("Page.printToPDF", filepath.Join(*pictures, "print.pdf"))
}

// keep writes what the browser makes of the page into a file.
func (b *browser) keep(method, path string) {
	b.t.Helper()
	var made struct{ Data string }
	b.call(method, map[string]any{"captureBeyondViewport": true}, &made)
	content, err := base64.StdEncoding.DecodeString(made.Data)
	if err == nil {
		err = os.WriteFile(path, content, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
