package report

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares what draw writes with the file of that name in testdata.
func golden(t *testing.T, name string, draw func(io.Writer) error) {
	t.Helper()
	var got bytes.Buffer
	if err := draw(&got); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (run with -update after looking):\n%s", name, diff)
	}
}

// threeClasses is a run in which nothing went wrong.
func threeClasses() *record.Run {
	b := runtest.New("20260102-030405", "runc", "crun", "gvisor")
	draws := map[string]func() time.Duration{
		"runc":   runtest.LogNormal(1, 1200*time.Millisecond, 0.05),
		"crun":   runtest.LogNormal(2, 1150*time.Millisecond, 0.05),
		"gvisor": runtest.LogNormal(3, 2200*time.Millisecond, 0.05),
	}
	for _, class := range []string{"crun", "gvisor", "runc"} {
		b.Add(class, 1, 5*time.Second, runtest.Discarded)
	}
	for range 10 {
		for _, class := range []string{"gvisor", "runc", "crun"} {
			b.Add(class, 1, draws[class](), runtest.Phases)
		}
	}
	return b.Run()
}

// troubled is a sweep in which everything did.
func troubled() *record.Run {
	b := runtest.New("20260102-040506", "runc", "gvisor", "kata-qemu")
	draw := runtest.LogNormal(4, 3*time.Second, 0.4)
	for i := range 40 {
		b.Add("runc", 1, draw())
		b.Add("runc", 10, 2*draw(), runtest.Late(time.Duration(i)*20*time.Millisecond))
		switch {
		case i%8 == 0:
			b.Add("gvisor", 10, 0, runtest.TimedOut)
		case i%13 == 0:
			b.Add("gvisor", 10, draw(), runtest.Failed(record.HTTP))
		case i == 7:
			b.Add("gvisor", 10, draw(), runtest.Coldness(record.Warm))
		default:
			b.Add("gvisor", 10, 4*draw())
		}
	}
	r := b.Run()
	r.End, r.Warnings = nil, []string{"line 123 is cut off and was read over"}
	return r
}

// realRun is a run of the tool on its own node: thirty cold starts of each class.
func realRun(t *testing.T) *record.Run {
	t.Helper()
	r, err := record.ReadFile(filepath.Join("..", "testdata", "single.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// burst is a sweep over 1, 3 and 10 services whose last round is not complete.
func burst() *record.Run {
	b := runtest.New("20260102-050607", "runc")
	draw := runtest.LogNormal(5, 2*time.Second, 0.3)
	now := time.Duration(0)
	for i, services := range []int{1, 3, 3, 10, 10} {
		now += time.Minute
		for j := range services {
			b.Add("runc", services, draw(), func(s *record.Sample) {
				s.Block, s.Intended, s.Sent = i, now, now+time.Duration(j)*100*time.Microsecond
				s.Wrote, s.FirstByte, s.Done = s.Sent+2*time.Millisecond, s.Sent+s.TTFB, s.Sent+s.ResponseLatency
				if i == 4 && j >= 8 {
					runtest.TimedOut(s)
				}
			})
		}
	}
	r := b.Run()
	for _, s := range r.Samples {
		if s.Instance != nil {
			r.Events = append(r.Events,
				record.Event{Kind: record.EventInstanceCreated, RuntimeClass: "runc", UID: s.Instance.UID, At: s.Sent + 50*time.Millisecond},
				record.Event{Kind: record.EventInstanceReady, RuntimeClass: "runc", UID: s.Instance.UID, At: s.Done - time.Millisecond},
				record.Event{Kind: record.EventInstanceGone, RuntimeClass: "runc", UID: s.Instance.UID, At: s.Done + 30*time.Second})
		}
	}
	return r
}

// scaled is a sweep of two classes whose memory and whose answers are known.
func scaled() *record.Run {
	sweep := runtest.Scale{
		Classes: []runtest.ScaleClass{
			{Name: "runc", Group: 20 * runtest.MiB, Outside: 10 * runtest.MiB, Start: 800 * time.Millisecond, Gap: -5 * time.Millisecond, Spread: 2 * time.Millisecond},
			{Name: "gvisor", Group: 50 * runtest.MiB, Outside: 25 * runtest.MiB, Start: 1500 * time.Millisecond, Gap: 310 * time.Millisecond, Spread: -40 * time.Millisecond},
		},
		Services: []int{1, 5, 10}, Blocks: 2, Every: 2 * time.Second, Noise: 2 * runtest.MiB, Drift: 3 * runtest.MiB, Seed: 1,
	}
	return sweep.Run("20260102-060708")
}

// limited is a search whose second round did not hold.
func limited() *record.Run {
	b := runtest.New("20260102-070809", "runc")
	r := b.Run()
	event := func(at time.Duration, kind record.Kind, service, uid, message string, value float64) {
		e := record.Event{Type: record.TypeEvent, At: at, Kind: kind, RuntimeClass: "runc", Service: service, UID: uid, Message: message, Value: value}
		if kind == record.EventInstanceTrouble {
			e.Causes = record.CausesIn(message)
		}
		r.Events = append(r.Events, e)
	}
	event(4*time.Second, record.EventServicesCreated, "", "", "20 services created in 3.1 s", 20)
	event(9*time.Second, record.EventServicesReady, "", "", "all Ready and at zero after 8.3 s", 20)
	for round, services := range []int{10, 20} {
		from := time.Duration(1+round) * 200 * time.Second
		for i := range services {
			service, uid := fmt.Sprintf("runc-%d", i), fmt.Sprintf("%d-%d", round, i)
			b.Add("runc", services, time.Duration(i+1)*time.Second, func(s *record.Sample) {
				s.Block, s.Service, s.Intended, s.Sent = round+1, service, from, from+time.Duration(i)*100*time.Microsecond
				s.Wrote, s.Instance.UID = s.Sent+time.Millisecond, uid
				if i >= 12 {
					runtest.TimedOut(s)
				}
				s.Done, s.FirstByte = s.Sent+s.ResponseLatency, s.Sent+s.TTFB
			})
			event(from+time.Second, record.EventInstanceCreated, service, uid, "", float64(i+1))
			event(from+150*time.Second, record.EventInstanceGone, service, uid, "", 0)
			if i >= 15 {
				event(from+time.Second, record.EventInstanceTrouble, service, uid, "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.", 0)
				continue
			}
			event(from+time.Second, record.EventInstanceScheduled, service, uid, "", 0)
			event(from+2*time.Second, record.EventInstanceRunning, service, uid, "", 0)
			if i < 12 {
				event(from+time.Duration(i)*time.Second+950*time.Millisecond, record.EventInstanceReady, service, uid, "", float64(i+1))
			}
		}
		for at := from; at <= from+100*time.Second; at += time.Second {
			r.Resources = append(r.Resources, record.Resource{Type: record.TypeResource, Scope: record.ScopeNode, Node: "n1", At: at, CPUs: 2,
				MemoryBytes: 4 << 30, CPU: time.Duration(1+round) * at})
		}
	}
	event(500*time.Second, record.EventLimit, "", "", "at 20 services 12 of 20 answered (60 %), which is answered<98%: pods: 5 scheduler: Insufficient cpu, by requests, not by use", 10)
	r.Header.Command, r.Header.Shape, r.Header.Cluster.Nodes, r.Header.Cluster.MemoryBytes = "scale", record.Shape{Rounds: true}, 1, 24<<30
	r.End.Samples = len(r.Samples)
	return r
}

func TestGoldenFiles(t *testing.T) {
	runs := map[string]*analysis.Summary{
		"three":    analysis.Summarise(threeClasses()),
		"troubled": analysis.Summarise(troubled()),
		"burst":    analysis.Summarise(burst()),
		"scaled":   analysis.Summarise(scaled()),
		"limited":  analysis.Summarise(limited()),
		"real":     analysis.Summarise(realRun(t)),
		"empty":    analysis.Summarise(runtest.New("r", "runc").Run()),
	}
	for name, s := range runs {
		for extension, draw := range map[string]func(io.Writer, *analysis.Summary) error{
			".txt": Text, ".json": JSON, ".phases.txt": Phases, ".timeline.txt": Timeline,
			".md": Markdown, ".smaller.json": SmallerIsBetter,
		} {
			t.Run(name+extension, func(t *testing.T) {
				golden(t, name+extension, func(w io.Writer) error { return draw(w, s) })
			})
		}
	}
}

func TestGoldenComparisons(t *testing.T) {
	all := analysis.CompareOptions{Phases: true, Published: true}
	classes, err := analysis.CompareClasses([]*record.Run{threeClasses()}, all)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := analysis.Compare([]*record.Run{threeClasses()}, []*record.Run{troubled()}, analysis.CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*analysis.Comparison{"classes": classes, "runs": runs} {
		for extension, draw := range map[string]func(io.Writer, *analysis.Comparison) error{
			".txt": Comparison, ".md": ComparisonMarkdown, ".json": ComparisonJSON,
		} {
			t.Run(name+extension, func(t *testing.T) {
				golden(t, "compare-"+name+extension, func(w io.Writer) error { return draw(w, c) })
			})
		}
	}
}

func TestWhatARunFileSaysCannotSteerATerminal(t *testing.T) {
	r := runtest.New("r", "runc\x1b[2J").Add("runc\x1b[2J", 1, time.Second, runtest.Failed("o\rops")).Run()
	r.Warnings = []string{"\x1b]0;title\x07"}
	var out bytes.Buffer
	if err := Text(&out, analysis.Summarise(r)); err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(out.Bytes(), "\x1b\x07\r") {
		t.Errorf("control characters in %q", out.String())
	}
}

// full is a writer without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestAFailedWriteIsReported(t *testing.T) {
	s := analysis.Summarise(threeClasses())
	for name, draw := range map[string]func(io.Writer, *analysis.Summary) error{
		"text": Text, "json": JSON, "phases": Phases, "timeline": Timeline, "markdown": Markdown, "smaller": SmallerIsBetter,
	} {
		if draw(full{}, s) == nil {
			t.Errorf("%s drew on a full disk", name)
		}
	}
	for name, write := range map[string]func(io.Writer, ...*record.Run) error{"csv": CSV, "benchfmt": Benchfmt} {
		if write(full{}, threeClasses()) == nil {
			t.Errorf("%s wrote on a full disk", name)
		}
	}
}
