package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/headway"
	"github.com/kn-coldstart/kn-coldstart/ksvc/incluster"
)

// heard is what is said on standard error while the lines of a pod's log come, and the run
// file that they make.
func heard(t *testing.T, how progressMode, tell func(string, ...any), log []string) (said []string, runFile string) {
	t.Helper()
	folder, there := t.TempDir(), os.Stderr
	taken, err := os.Create(filepath.Join(folder, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	run, err := openPodRun(nil, incluster.Job{Run: "run-1"}, filepath.Join(folder, "run.jsonl"), tell)
	if err != nil {
		t.Fatal(err)
	}
	os.Stderr = taken
	stderr.use(how)
	defer func() {
		os.Stderr = there
		stderr.use(progressPlain)
	}()
	for _, line := range log {
		if err := run.Line([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.copy.Leave(); err != nil {
		t.Fatal(err)
	}
	if run.receipt == nil || run.receipt.Lines != 1 {
		t.Errorf("the receipt is %+v", run.receipt)
	}
	text, err := os.ReadFile(taken.Name())
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(run.copy.Path())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), string(file)
}

// What a run says in its pod is said as the flags of who follows it ask for, however it was
// begun.
func TestWhatAPodSays(t *testing.T) {
	const header = `{"type":"run","schema":1,"runId":"run-1"}`
	receipt := record.Receipt{Lines: 1, SHA256: strings.Repeat("0", 64)}.String()
	object := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	plain := []string{"round 1", "  sent within 1ms", "warning: w", "error: e", "hint: h"}
	messages := []string{
		object(messageOf("", "round 1")), object(messageOf("warning: ", "w")), object(headway.State{Type: headway.TypeProgress, Done: 1}),
		object(messageOf("error: ", "e")), object(messageOf("", "hint: h")),
	}
	plainLog := append([]string{header, receipt}, plain...)
	jsonLog := append([]string{header, object(messageOf("", receipt))}, messages...)
	for name, c := range map[string]struct {
		how  progressMode
		tell func(string, ...any)
		log  []string
		want []string
	}{
		"as it was begun":                            {progressPlain, say, plainLog, plain},
		"as it was begun, in silence":                {progressNone, say, plainLog, plain},
		"as it was begun, as objects":                {progressJSON, say, jsonLog, messages},
		"attached, in silence":                       {progressNone, sayStep, plainLog, []string{"warning: w", "error: e", "hint: h"}},
		"attached, where it was begun with objects":  {progressPlain, sayStep, jsonLog, []string{"round 1", "warning: w", "error: e", "hint: h"}},
		"attached in silence, begun with objects":    {progressNone, sayStep, jsonLog, []string{"warning: w", "error: e", "hint: h"}},
		"attached on a terminal, begun with objects": {progressRedrawn, sayStep, jsonLog, []string{"round 1", "warning: w", "error: e", "hint: h"}},
	} {
		t.Run(name, func(t *testing.T) {
			said, file := heard(t, c.how, c.tell, c.log)
			if diff := cmp.Diff(c.want, said); diff != "" {
				t.Errorf("standard error (-want +got):\n%s", diff)
			}
			if file != header+"\n" {
				t.Errorf("the run file is %q", file)
			}
		})
	}
	t.Run("attached with objects, begun without", func(t *testing.T) {
		said, _ := heard(t, progressJSON, sayStep, plainLog)
		var got []string
		for _, line := range said {
			var m message
			if err := json.Unmarshal([]byte(line), &m); err != nil || m.Type != typeMessage {
				t.Fatalf("%q: %v", line, err)
			}
			got = append(got, m.Level+": "+m.Text)
		}
		if diff := cmp.Diff([]string{"info: round 1", "info: sent within 1ms", "warning: w", "error: e", "hint: h"}, got); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
	})
}

// With --quiet nothing is left of it but errors, and the progress that was asked for.
func TestWhatAPodSaysQuietly(t *testing.T) {
	voice.quiet = true
	defer func() { voice.quiet = false }()
	log := []string{
		`{"type":"run","schema":1,"runId":"run-1"}`, record.Receipt{Lines: 1, SHA256: strings.Repeat("0", 64)}.String(), "round 1", "warning: w",
		`{"type":"message","level":"warning","text":"v"}`, `{"type":"message","level":"error","text":"e"}`, `{"type":"progress","done":1}`,
	}
	for how, want := range map[progressMode][]string{
		progressPlain: {"error: e"}, progressJSON: {`{"type":"message","level":"error","text":"e"}`, `{"type":"progress","done":1}`},
	} {
		said, _ := heard(t, how, say, log)
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("%q (-want +got):\n%s", how, diff)
		}
	}
}

// Who cannot write the run file learns what to do.
func TestTwoFollowers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	open := func() (*podRun, error) { return openPodRun(nil, incluster.Job{Run: "run-1"}, path, say) }
	const header = `{"type":"run","schema":1,"runId":"run-1"}`
	first, err := open()
	if err != nil {
		t.Fatal(err)
	}
	late, err := open()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Line([]byte(header)); err != nil {
		t.Fatal(err)
	}
	_, second := open()
	for _, err := range []error{second, late.Line([]byte(header))} {
		var hinted *hintedError
		if err == nil || !strings.HasSuffix(err.Error(), path+": another command writes it") || !errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), "--run-file") {
			t.Errorf("the second: %v", err)
		}
	}
	if err := first.copy.Leave(); err != nil {
		t.Error(err)
	}
}
