package live

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/page"
	"github.com/kn-coldstart/kn-coldstart/loadgen/self"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// The page is drawn anew at most every drawEvery, and so seldom that it takes no more than
// the share of one processor: a run file grows, and so does what it costs to draw it.
const (
	drawEvery = 2 * time.Second
	drawShare = 0.04
)

// view is what the run file says, drawn when somebody looks.
type view struct {
	mu      sync.Mutex
	path    string
	size    int64 // of the file that was drawn
	version int
	report  templates.Report
	content []byte
	// every is how long there is between two drawings, and next when the next one may be.
	every time.Duration
	next  time.Time
}

// newView shows that there is nothing yet.
func newView() *view {
	v := &view{report: templates.Report{Title: "Nothing measured yet", Lead: "The run has not written its first line. It checks the cluster first."}, every: drawEvery}
	v.content, _ = templates.RenderContent(v.report) // it is ours, and can be rendered
	return v
}

func (v *view) follow(path string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.path = path
}

// drawn is one version of the page.
type drawn struct {
	version int
	content []byte
	every   time.Duration
}

// look draws the file anew if it has grown and enough time has passed, or if it is the
// last look.
func (v *view) look(last bool) (drawn, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	err := v.draw(last)
	return drawn{v.version, v.content, v.every}, err
}

func (v *view) draw(last bool) error {
	if v.path == "" || !last && time.Now().Before(v.next) {
		return nil
	}
	info, err := os.Stat(v.path)
	if err != nil || info.Size() == v.size {
		return err
	}
	before := self.CPUTime()
	run, err := record.ReadFile(v.path)
	if err != nil {
		return err
	}
	report := page.Of(run)
	content, err := templates.RenderContent(report)
	if err != nil {
		return err
	}
	v.report, v.content, v.size = report, content, info.Size()
	v.version++
	v.every = max(drawEvery, time.Duration(float64(self.CPUTime()-before)/drawShare))
	v.next = time.Now().Add(v.every)
	return nil
}

// whole is the page with the newest version in it.
func (v *view) whole() ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.draw(false); err != nil {
		return nil, fmt.Errorf("draw the live page: %w", err)
	}
	return templates.RenderLive(v.report)
}
