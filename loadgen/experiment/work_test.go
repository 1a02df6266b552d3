package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// workServer answers as cmd/workfn does, of every service and natively.
func workServer(t *testing.T, broken map[string]string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		program := strings.TrimPrefix(r.URL.Path, "/")
		if text := broken[program]; text != "" {
			http.Error(w, text, http.StatusInternalServerError)
			return
		}
		service, _, _ := strings.Cut(r.Host, ".")
		json.NewEncoder(w).Encode(map[string]any{
			"pod": map[bool]string{true: "", false: service + "-00001-deployment-a"}[strings.HasPrefix(r.Host, "127.")], "nonce": "n", "requests": 1, "program": program,
			"figures": []record.Figure{{Name: r.URL.RawQuery, Value: 5, Unit: "MIPS"}},
		})
	}))
	t.Cleanup(s.Close)
	return s
}

// madeUpNative counts how often it is started and stopped.
type madeUpNative struct {
	address        string
	started, ended int
	fails          error
}

func (n *madeUpNative) Start(context.Context) (string, func() error, error) {
	n.started++
	return n.address, func() error { n.ended++; return nil }, n.fails
}

func workOf(t *testing.T, broken map[string]string) (*madeUp, *Work, *madeUpNative) {
	t.Helper()
	server := workServer(t, broken)
	m := newMadeUp(t)
	m.ingress = server.Listener.Addr().String()
	native := &madeUpNative{address: m.ingress}
	e := &Work{Setup: setupOf(t), Iterations: 2, Programs: []string{"7zip", "redis"}, RedisRequests: 70, ProgramTime: 2 * time.Second, Native: native}
	e.Service.ClientTimeout = time.Minute
	e.Classes = append(e.Classes, record.Class{Name: "gvisor", Image: "x"})
	return m, e, native
}

// In each block each class and native run all programs, the first block is discarded, and
// no two instances are there at a time.
func TestWork(t *testing.T) {
	m, e, native := workOf(t, nil)
	result, err := Run(t.Context(), m, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := runFile(t, result.RunFile)
	if len(run.Damage) > 0 || run.End.Works != 18 || !run.Header.Shape.Work || len(run.Header.Classes) != 2 || !m.needs.Native {
		t.Errorf("damage %v, end %+v, header %+v", run.Damage, run.End, run.Header)
	}
	got := map[string]int{}
	for i, w := range run.Works {
		got[fmt.Sprint(w.RuntimeClass, " ", w.Program, " ", w.Discarded)]++
		if w.Block != i/6 || w.Outcome != record.OK || w.Ended <= w.Begun || w.Figures[0] != (record.Figure{Name: "requests=70&seconds=2", Value: 5, Unit: "MIPS"}) {
			t.Errorf("work %d: %+v", i, w)
		}
		if (w.Instance == "") != (w.RuntimeClass == record.Native) {
			t.Errorf("%s ran on %q", w.RuntimeClass, w.Instance)
		}
	}
	want := map[string]int{}
	for _, side := range []string{"runc", "gvisor", record.Native} {
		for _, program := range e.Programs {
			want[side+" "+program+" true"], want[side+" "+program+" false"] = 1, 2
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("works (-want +got):\n%s", diff)
	}
	zeros := 0
	for _, what := range m.asked {
		if what == "zero" {
			zeros++
		}
	}
	if native.started != 3 || native.ended != 3 || zeros != 6 || !m.was("remove") || !m.was("stop usage") {
		t.Errorf("native %+v, at zero %d times, asked for %v", native, zeros, m.asked)
	}
}

// A program that fails keeps its text, and no other program from running.
func TestWorkOfAProgramThatFails(t *testing.T) {
	m, e, _ := workOf(t, map[string]string{"redis": "the output is not understood: " + strings.Repeat("x", 5000)})
	result, err := Run(t.Context(), m, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range runFile(t, result.RunFile).Works {
		if failed := w.Program == "redis"; (w.Outcome != record.OK) != failed || failed && (len(w.Error) < 5000 || w.Figures != nil) {
			t.Errorf("%s: %s with %d figures: %.80s", w.Program, w.Outcome, len(w.Figures), w.Error)
		}
	}
	m, e, _ = workOf(t, map[string]string{"redis": "no", "7zip": "no"})
	if _, err := Run(t.Context(), m, e, nil); !errors.Is(err, ErrNothingMeasured) {
		t.Errorf("nothing was measured: %v", err)
	}
}

// Why the request failed and what the function said are both kept.
func TestWorkKeepsWhyARequestFailed(t *testing.T) {
	long := "it printed:\n" + strings.Repeat("x", 1000)
	for text, want := range map[string]string{"no memory": "status 500: no memory", " ": "status 500: an empty body", long: "\n" + long} {
		m, e, _ := workOf(t, map[string]string{"redis": text})
		result, err := Run(t.Context(), m, e, nil)
		if err != nil {
			t.Fatal(err)
		}
		run := runFile(t, result.RunFile)
		if len(run.Works) != 18 || len(run.Damage) > 0 {
			t.Fatalf("%d works, damage %v", len(run.Works), run.Damage)
		}
		for _, w := range run.Works {
			if w.Program == "redis" && (w.Outcome != record.HTTP || !strings.HasPrefix(w.Error, "status 500: ") || !strings.HasSuffix(w.Error, want)) {
				t.Errorf("%q is kept as %s: %q, want status 500 and %q", text, w.Outcome, w.Error, want)
			}
		}
	}
}

// What another function answers is no figure.
func TestWorkOfAnotherFunction(t *testing.T) {
	m, e, native := workOf(t, nil)
	other := newMadeUp(t) // its ingress answers as coldfn does
	m.ingress, native.address = other.ingress, other.ingress
	result, err := Run(t.Context(), m, e, nil)
	if !errors.Is(err, ErrNothingMeasured) {
		t.Fatal(err)
	}
	for _, w := range runFile(t, result.RunFile).Works {
		if w.RuntimeClass != record.Native && (w.Outcome != record.Body || !strings.Contains(w.Error, "not cmd/workfn")) {
			t.Errorf("%+v", w)
		}
	}
}

func TestWorkEndsWithNative(t *testing.T) {
	m, e, native := workOf(t, nil)
	native.fails = errors.New("no root")
	if _, err := Run(t.Context(), m, e, nil); err == nil || !strings.Contains(err.Error(), "run the programs natively: no root") || !m.was("remove") {
		t.Errorf("got %v, asked for %v", err, m.asked)
	}
}

func TestWorkIsInterrupted(t *testing.T) {
	m, e, native := workOf(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := 0
	result, err := Run(ctx, m, e, ObserverFunc(func(n Notice) {
		if _, ok := n.(WorkDone); ok {
			if done++; done == 3 {
				cancel()
			}
		}
	}))
	run := runFile(t, result.RunFile)
	if !errors.Is(err, context.Canceled) || run.End.Reason != record.EndInterrupted || len(run.Works) != 3 || !m.was("remove") || native.started != native.ended {
		t.Errorf("%v, end %+v, %d works, native %+v", err, run.End, len(run.Works), native)
	}
}

func TestWorkValidates(t *testing.T) {
	for want, change := range map[string]func(*Work){
		"iterations is 0: it must be at least 1":                                                 func(e *Work) { e.Iterations = 0 },
		"programs names none: there are redis":                                                   func(e *Work) { e.Programs = nil },
		`programs names "doom": there are redis`:                                                 func(e *Work) { e.Programs = []string{"doom"} },
		"programs names 7zip twice":                                                              func(e *Work) { e.Programs = []string{"7zip", "7zip"} },
		"redis-requests is 0: it must be from 1 to 10000000":                                     func(e *Work) { e.RedisRequests = 0 },
		"program-time is 1.5s: it must be whole seconds from 1s to 1h0m0s":                       func(e *Work) { e.ProgramTime = 1500 * time.Millisecond },
		"program-time is 11s, with which a program may take 1m3s: --client-timeout is only 1m0s": func(e *Work) { e.ProgramTime = 11 * time.Second },
		"runtime-class is native: that is what the programs outside of any container":            func(e *Work) { e.Classes[0].Name = record.Native },
		"stable-window is 1s: Knative takes 6s to 1h":                                            func(e *Work) { e.Service.StableWindow = time.Second },
	} {
		m, e, _ := workOf(t, nil)
		change(e)
		_, err := Run(t.Context(), m, e, nil)
		if err == nil || !strings.Contains(err.Error(), want) || m.was("survey") {
			t.Errorf("got %v, want %s; asked for %v", err, want, m.asked)
		}
		if _, err := os.Stat(e.RunFile); err == nil {
			t.Errorf("%s: a run file was made", want)
		}
	}
}
