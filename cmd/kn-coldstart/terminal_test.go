package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/headway"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
	"github.com/kn-coldstart/kn-coldstart/loadgen/self"
)

// terminal is what a terminal would show of what was written to it, as far as this program
// steers one. Rows that have scrolled away are kept.
type terminal struct {
	t             *testing.T
	width         int
	rows          [][]rune
	row, column   int
	cleared, sent int // how often the screen was cleared, and how many bytes came
}

func newTerminal(t *testing.T, width int) *terminal {
	return &terminal{t: t, width: width, rows: [][]rune{nil}}
}

func (s *terminal) write(text string) {
	s.sent += len(text)
	for text != "" {
		if rest, found := strings.CutPrefix(text, "\x1b["); found {
			text = s.steer(rest)
			continue
		}
		r := []rune(text)[0]
		text = text[len(string(r)):]
		switch r {
		case '\r':
			s.column = 0
		case '\n':
			s.newRow()
		default:
			s.put(r)
		}
	}
}

// steer obeys a sequence, and returns what follows it.
func (s *terminal) steer(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool { return r >= '@' })
	if end < 0 {
		s.t.Fatalf("a sequence has no end: %q", text)
	}
	switch text[end] {
	case 'A':
		n, err := strconv.Atoi(text[:end])
		if err != nil {
			n = 1
		}
		if s.row -= n; s.row < 0 {
			s.t.Fatal("the cursor leaves the screen")
		}
	case 'J':
		s.rows[s.row] = s.rows[s.row][:min(s.column, len(s.rows[s.row]))]
		s.rows = s.rows[:s.row+1]
		s.cleared++
	case 'm': // colour
	default:
		s.t.Fatalf("unknown sequence %q", text[:end+1])
	}
	return text[end+1:]
}

// newRow is what a terminal makes of a line feed: the column is the first one, too.
func (s *terminal) newRow() {
	s.column = 0
	if s.row++; s.row == len(s.rows) {
		s.rows = append(s.rows, nil)
	}
}

// half is in the second column of a wide character.
const half = -1

// put shows a character where the cursor is. It is a terminal that draws each code point by
// itself.
func (s *terminal) put(r rune) {
	columns := displaywidth.Rune(r)
	if s.column+columns > s.width {
		s.newRow()
	}
	row := s.rows[s.row]
	for len(row) < s.column+columns {
		row = append(row, ' ')
	}
	for i := range columns {
		row[s.column+i] = half
	}
	if columns > 0 {
		row[s.column] = r
	}
	s.rows[s.row] = row
	s.column += columns
}

func (s *terminal) lines() []string {
	var lines []string
	for _, row := range s.rows {
		characters := slices.DeleteFunc(slices.Clone(row), func(r rune) bool { return r == half })
		lines = append(lines, strings.TrimRight(string(characters), " "))
	}
	return lines
}

// madeUp is how long the run of tellRun lasts, and madeUpStarts how many starts it has.
const (
	madeUp       = 2 * time.Second
	madeUpStarts = 1000
)

// tellRun tells of a run that nobody makes, as single does of one: one start after the
// other, the 100th of which fails, and then a warning.
//
//	tell-run PROGRESS [CLASS]
func tellRun() {
	flags := progressFlags{how: os.Args[1]}
	if err := flags.use(""); err != nil {
		fmt.Println(err)
		os.Exit(exitUsage)
	}
	o, stop := flags.follow(&cobra.Command{Use: "single"}, &experiment.Single{}, newSampleLog())
	class := "runc"
	if len(os.Args) > 2 {
		class = os.Args[2]
	}
	o.See(experiment.Step{Text: "checking the cluster"})
	for i := range madeUpStarts {
		o.See(experiment.TrialBegun{})
		time.Sleep(madeUp / madeUpStarts)
		s := record.Sample{RuntimeClass: class, Outcome: record.OK, Cold: record.Proven, ResponseLatency: time.Duration(i+1) * time.Millisecond}
		if i == 99 {
			s.Outcome, s.Error = record.Reset, "the connection broke"
		}
		o.See(experiment.SampleTaken{Done: i + 1, Total: 2 * madeUpStarts, Sample: s})
		if i == 99 {
			o.See(experiment.Warning{Text: "a warning"})
		}
	}
	stop()
	say("the end")
}

// onTerminal runs a command on a terminal of a width, and gives it all that is shown.
func onTerminal(t *testing.T, width int, environment []string, watch func(*terminal), command ...string) *terminal {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(append(os.Environ(), "TERM=xterm"), environment...)
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: uint16(width)})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := newTerminal(t, width)
	buffer := make([]byte, 4096)
	rest := ""
	for {
		n, err := file.Read(buffer)
		text := rest + string(buffer[:n])
		// A read may end within a rune or a sequence: lines and blocks are written at once.
		rest = ""
		if cut := incomplete(text); cut < len(text) {
			text, rest = text[:cut], text[cut:]
		}
		s.write(text)
		if watch != nil {
			watch(s)
		}
		if err != nil { // of a terminal that has no program any more
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, strings.Join(s.lines(), "\n"))
	}
	return s
}

// incomplete is where a rune or a sequence begins that is not there as a whole yet.
func incomplete(text string) int {
	if at := strings.LastIndex(text, "\x1b"); at >= 0 && !strings.ContainsFunc(text[min(at+2, len(text)):], func(r rune) bool { return r >= '@' }) {
		return at
	}
	for at := max(0, len(text)-utf8.UTFMax); at < len(text); at++ {
		if utf8.RuneStart(text[at]) && !utf8.FullRuneInString(text[at:]) {
			return at
		}
	}
	return len(text)
}

// On a terminal a run of a thousand starts is two lines that are redrawn a few times a
// second. What has to stay is above them, and nothing of them is left at the end.
func TestARunOnATerminal(t *testing.T) {
	for _, c := range []struct {
		class string
		width int
	}{{"runc", 80}, {"runc", 30}, {"runc", 7}, {"計測用の関数", 40}, {"👩\u200d🚀🇩🇪⚠\ufe0f", 24}, {"計測用の関数", 24}} {
		t.Run(fmt.Sprint(c.class, c.width), func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}
			began := time.Now()
			s := onTerminal(t, c.width, []string{"NO_COLOR=1"}, func(s *terminal) {
				for _, line := range s.lines() {
					seen[line] = true
				}
			}, "tell-run", "auto", c.class)
			lines := strings.Join(s.lines(), "\n")
			// Lines that stay are as long as they are; a terminal may fold them.
			unfolded := strings.ReplaceAll(strings.Join(s.lines(), ""), " ", "")
			for _, want := range []string{"checkingthecluster[", "[100/2000]" + drawn(c.class) + "0.100sreset(theconnectionbroke)coldwarning:awarningtheend"} {
				if !strings.Contains(unfolded, want) {
					t.Errorf("%q is missing in\n%s", want, lines)
				}
			}
			if most := int(time.Since(began)/redrawEvery) + 4; s.cleared > most || s.cleared < 3 {
				t.Errorf("drawn %d times, want %d at most", s.cleared, most)
			}
			if strings.Contains(lines, "done ·") {
				t.Errorf("the status is left over:\n%s", lines)
			}
			status := false
			for line := range seen {
				status = status || strings.HasPrefix(line, "[") || strings.Contains(line, "/2000 done")
			}
			if !status {
				t.Errorf("no status was ever seen: %v", seen)
			}
		})
	}
}

// drawn is what a terminal has of a name: nothing that takes no column by itself.
func drawn(name string) string {
	return strings.Map(func(r rune) rune {
		if displaywidth.Rune(r) == 0 {
			return -1
		}
		return r
	}, name)
}

// A line is cut so that no terminal goes on to the next row, however it draws what consists
// of several code points.
func TestCutByColumns(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 0, ""},
		{"runc", 4, "runc"},
		{"runc", 3, "ru…"},
		{"runc\nmore", 4, "runc"},
		{"runc", 0, "…"},
		{"計測用", 6, "計測用"},
		{"計測用", 5, "計測…"},
		{"計測用", 4, "計…"},
		{"計測用a", 6, "計測…"},
		{"cafe\u0301s", 5, "cafe\u0301s"},
		{"cafe\u0301s", 4, "caf…"},
		{"a👩\u200d🚀", 5, "a👩\u200d🚀"},
		{"a👩\u200d🚀", 4, "a…"},
		{"a⚠\ufe0f", 2, "a…"},
		{"a⚠\ufe0f", 3, "a⚠\ufe0f"},
	} {
		if got := cut(c.text, c.width); got != c.want {
			t.Errorf("%q in %d columns: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestColourOnATerminal(t *testing.T) {
	for environment, want := range map[string]bool{"NO_COLOR=": true, "NO_COLOR=1": false, "TERM=dumb": false} {
		var raw strings.Builder
		cmd := exec.Command("tell-run", "auto")
		cmd.Env = append(os.Environ(), "NO_COLOR=", "TERM=xterm", environment)
		file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
		if err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 4096)
		for err == nil {
			var n int
			n, err = file.Read(buffer)
			raw.Write(buffer[:n])
		}
		_ = cmd.Wait()
		if got := strings.Contains(raw.String(), "\x1b[33mwarning: \x1b[0m"); got != want || !strings.Contains(raw.String(), "a warning") {
			t.Errorf("%s: colour %v in %q", environment, got, raw.String())
		}
	}
}

// A terminal that knows nothing but lines gets lines.
func TestADumbTerminal(t *testing.T) {
	s := onTerminal(t, 80, []string{"TERM=dumb"}, nil, "tell-run", "auto")
	if s.cleared != 0 || len(s.lines()) < madeUpStarts {
		t.Errorf("drawn %d times, %d lines", s.cleared, len(s.lines()))
	}
}

// toldAs is what a run says in a way that is no terminal's.
func toldAs(t *testing.T, how string) []string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.Command("tell-run", how)
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n")
}

func TestProgressElsewhere(t *testing.T) {
	t.Run("auto", func(t *testing.T) {
		t.Parallel()
		if lines := toldAs(t, "auto"); len(lines) != madeUpStarts+3 || lines[1] != "[   1/2000] runc         0.001s  ok  cold" {
			t.Errorf("%d lines, the second is %q", len(lines), lines[1])
		}
	})
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		want := []string{"[ 100/2000] runc         0.100s  reset (the connection broke)  cold", "warning: a warning", "the end"}
		if diff := cmp.Diff(want, toldAs(t, "none")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("json", func(t *testing.T) {
		t.Parallel()
		wantObjects(t, toldAs(t, "json"))
	})
	t.Run("wrong", func(t *testing.T) {
		t.Parallel()
		text, err := exec.Command("tell-run", "loud").Output()
		if err == nil || string(text) != "unknown --progress \"loud\": use auto, plain, json or none\n" {
			t.Errorf("%v: %q", err, text)
		}
	})
}

// wantObjects looks for one object a line: progress each second and at the end, and
// whatever else is said, as messages.
func wantObjects(t *testing.T, lines []string) {
	t.Helper()
	var messages []string
	var states []headway.State
	for _, line := range lines {
		var m message
		var s headway.State
		if err := errors.Join(json.Unmarshal([]byte(line), &m), json.Unmarshal([]byte(line), &s)); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		switch m.Type {
		case "message":
			messages = append(messages, m.Level+": "+m.Text)
		case "progress":
			states = append(states, s)
		default:
			t.Errorf("a line of type %q: %s", m.Type, line)
		}
	}
	want := []string{"info: checking the cluster", "info: [ 100/2000] runc         0.100s  reset (the connection broke)  cold", "warning: a warning", "info: the end"}
	if diff := cmp.Diff(want, messages); diff != "" {
		t.Error(diff)
	}
	if len(states) < 2 {
		t.Fatalf("%d lines of progress", len(states))
	}
	first, last := states[0], states[len(states)-1]
	if first.Ended || first.Done == 0 || first.Done >= last.Done || first.SecondsLeft == nil {
		t.Errorf("the first line is %+v", first)
	}
	if !last.Ended || last.Experiment != "single" || last.Done != madeUpStarts || last.Planned != 2*madeUpStarts || last.Failed != 1 || last.Latest.Latency != madeUpStarts*time.Millisecond {
		t.Errorf("the last line is %+v of %+v", last, last.Latest)
	}
}

func TestLevels(t *testing.T) {
	for _, c := range []struct{ mark, text, level, want string }{
		{"", "a\n  b", "info", "a\n  b"},
		{"error: ", "a", "error", "a"},
		{"warning: ", "a", "warning", "a"},
		{"", "hint: a", "hint", "a"},
	} {
		if got := messageOf(c.mark, c.text); got.Level != c.level || got.Text != c.want {
			t.Errorf("%q %q: %+v", c.mark, c.text, got)
		}
	}
}

// GitHub's annotations are no objects.
func TestAnnotations(t *testing.T) {
	j := output.Judged{Result: &gate.Result{Judgements: []gate.Judgement{{Verdict: gate.Fail, Reason: "too slow"}}}, Summary: &analysis.Summary{}}
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("GITHUB_STEP_SUMMARY", "")
	for how, want := range map[progressMode]bool{progressPlain: true, progressNone: true, progressJSON: false} {
		s, there := screen{}, os.Stderr
		s.use(how)
		taken, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
		if err != nil {
			t.Fatal(err)
		}
		os.Stderr = taken
		err = output.TellGitHub(j, s.annotations())
		os.Stderr = there
		text, read := os.ReadFile(taken.Name())
		if got := strings.HasPrefix(string(text), "::error "); got != want || errors.Join(err, read) != nil || !want && len(text) > 0 {
			t.Errorf("--progress %q: %q, %v, %v", how, text, err, read)
		}
	}
}

// What drawing costs, beside what the terminal does with it.
func BenchmarkDraw(b *testing.B) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	before := os.Stderr
	os.Stderr = null
	defer func() { os.Stderr = before }()
	counts, s := headway.New("single", time.Now), screen{}
	done, cpu := 0, self.CPUTime()
	b.ReportAllocs()
	for b.Loop() {
		done++
		counts.See(experiment.SampleTaken{Done: done, Total: 1 << 30, Sample: record.Sample{Outcome: record.OK, Cold: record.Proven, ResponseLatency: time.Duration(done) * time.Millisecond}})
		s.latest("[12/93] gvisor       1.203s  ok  cold")
		s.draw(counts.State(), 80)
	}
	b.ReportMetric(float64(self.CPUTime()-cpu)/float64(b.N), "cpu-ns/op")
}
