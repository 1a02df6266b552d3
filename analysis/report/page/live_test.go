package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// event is what a server tells a page.
type event struct {
	name string
	run  *record.Run
}

// liveServer serves the page of the first run, and the events that are sent to it.
func liveServer(t *testing.T, first *record.Run, events <-chan event) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		text, err := templates.RenderLive(Of(first))
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(text) // the browser tells what it got
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case e := <-events:
				content, err := templates.RenderContent(Of(e.run))
				text, _ := json.Marshal(map[string]any{"content": string(content), "everyMs": 2000})
				if err != nil {
					t.Error(err)
				}
				fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.name, text)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(func() {
		s.CloseClientConnections() // the page does not end by itself
		s.Close()
	})
	return s.URL + "/"
}

// until waits for the page to say so.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		var is bool
		if b.eval(expression, &is); is {
			return
		}
		if time.Since(began) > 30*time.Second {
			b.t.Fatalf("not seen: %s", what)
		}
	}
}

// The page of a run that goes on takes over what is new; what the reader has chosen and
// opened stays, and so does the page when the run has ended.
func TestBrowserFollowsARun(t *testing.T) {
	b := chromium(t)
	events := make(chan event)
	three := runtest.Three()
	fewer := *three
	fewer.Samples = three.Samples[:len(three.Samples)/2]
	b.open(liveServer(t, &fewer, events))
	const lead = `document.querySelector('.lead').textContent`
	var before, after, state string
	b.eval(lead, &before)
	b.eval(`document.querySelector('[name=class][value="2"]').click()`, nil)
	b.eval(`document.querySelector('#report details').open = true`, nil)
	b.eval(`scrollTo(0, 700)`, nil)
	events <- event{"changed", three}
	b.until("the update", `document.getElementById('live').textContent.startsWith('The run goes on. Drawn at')`)
	b.eval(lead, &after)
	if before == after {
		t.Errorf("the page says %q before and after", before)
	}
	var got struct {
		Checked, Open bool
		Y             float64
		Charts        int
	}
	b.eval(`({ checked: document.querySelector('[name=class][value="2"]').checked, open: document.querySelector('#report details').open, y: scrollY,
	  charts: all.length })`, &got)
	if got.Checked || !got.Open || got.Y != 700 {
		t.Errorf("after the update the page is %+v, want what was chosen, opened and reached", got)
	}
	for _, c := range b.charts() {
		if c.Width < 300 || c.Shapes < 8 {
			t.Errorf("chart %s is hardly drawn after the update: %+v", c.ID, c)
		}
		if c.ID == "latency" && strings.Contains(strings.Join(c.Texts, " "), "gvisor") {
			t.Error("gvisor was not chosen, and is drawn")
		}
	}
	if *pictures != "" {
		b.keep("Page.captureScreenshot", filepath.Join(*pictures, "live.png"))
	}
	events <- event{"ended", three}
	b.until("the end", `document.getElementById('live').className === 'ended'`)
	b.eval(`document.getElementById('live').textContent`, &state)
	if !strings.HasPrefix(state, "The run has ended.") || len(b.charts()) != got.Charts {
		t.Errorf("at the end the page says %q and has %d charts", state, len(b.charts()))
	}
	for _, e := range b.seen("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded") {
		t.Errorf("%s: %s", e.Method, e.Params)
	}
}

// What a run file says is no markup in an update either.
func TestBrowserIsNotMovedByAHostileUpdate(t *testing.T) {
	b := chromium(t)
	events := make(chan event)
	b.open(liveServer(t, runtest.Three(), events))
	events <- event{"changed", hostileRun()}
	b.until("the update", `document.getElementById('live').textContent.startsWith('The run goes on. Drawn at')`)
	var found struct {
		Title         string
		Scripts, Bait int
	}
	b.eval(`({ title: document.title, scripts: document.scripts.length, bait: document.querySelectorAll('img, .tip script').length })`, &found)
	if found.Title != "Cold starts: "+hostile+", runc" || found.Scripts != 3 || found.Bait != 0 {
		t.Errorf("the page is %+v", found)
	}
}
