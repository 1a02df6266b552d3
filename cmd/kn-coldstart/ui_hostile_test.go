package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// hostile is what a cluster may say: escape sequences, workflow commands, a line that
// looks like one of ours.
const hostile = "::error::a\x1b[2J\x1b]0;b\x07\r\n::set-env name=PATH::c\nverdict: pass\n \u00a0::stop-commands::d\u202e\u009b31m##[group]e##vso[task]f\xff"

// steers matches what a terminal or a build service would obey, and what looks as if
// this program had said it.
var steers = regexp.MustCompile(`(?m)[\x00-\x09\x0b-\x1f\x7f-\x9f\x{202a}-\x{202e}]|^\s*::|##[A-Za-z]*\[|^verdict: pass`)

// stderrOf is what the function writes to standard error.
func stderrOf(t *testing.T, f func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	before := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = before }()
	f()
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// poison puts the hostile text into every string of a value.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(hostile)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Len() == 0 && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		poison(v.Elem())
	case reflect.Func:
		v.Set(reflect.MakeFunc(v.Type(), func([]reflect.Value) []reflect.Value {
			var out []reflect.Value
			for i := range v.Type().NumOut() {
				out = append(out, reflect.Zero(v.Type().Out(i)))
			}
			return out
		}))
	}
}

func poisoned[T any]() T {
	var v T
	poison(reflect.ValueOf(&v).Elem())
	return v
}

// Whatever a cluster, a function or an ingress says while something is measured, it
// steers nothing.
func TestWhatIsPrintedWhileMeasuringSteersNothing(t *testing.T) {
	warn := poisoned[experiment.Checked]()
	warn.Check.Verdict = record.CheckWarn
	progress := poisoned[experiment.Progress]()
	progress.Done, progress.Total = 1, 1
	notices := []experiment.Notice{
		poisoned[experiment.Step](), poisoned[experiment.Warning](), warn, progress, poisoned[experiment.Warming](),
		poisoned[experiment.TrialBegun](), poisoned[experiment.SampleTaken](), poisoned[experiment.RoundPlanned](),
		poisoned[experiment.RoundAtZero](), poisoned[experiment.RoundFiring](), poisoned[experiment.SampleTaken](),
		poisoned[experiment.RoundFired](), poisoned[experiment.RoundJudged](), poisoned[experiment.Cost](),
	}
	result := poisoned[gate.Result]()
	blocks := newBlockLog(9)
	for name, observer := range map[string]experiment.Observer{"samples": newSampleLog(), "blocks": blocks, "rounds": newRoundLog()} {
		text := stderrOf(t, func() {
			for _, n := range notices {
				observer.See(n)
			}
		})
		if text == "" || steers.MatchString(text) {
			t.Errorf("%s: %q", name, text)
		}
	}
	for name, f := range map[string]func(){
		"a block": func() { blocks.block(&result) },
		"an error": func() {
			printError(errors.Join(errors.New(hostile), fmt.Errorf("x: %w", errors.New(hostile))), hostile)
		},
		"a usage error":  func() { printError(usage(errors.New(hostile)), hostile) },
		"what is missed": func() { sayMissing(withHint(errors.New(hostile), hostile)) },
		"a choice":       func() { c := poisoned[gate.Choice](); sayChoice(&c, 1) },
		"a verdict":      func() { r := result; r.Verdict = gate.Invalid; sayVerdict(&r, "") },
		"a server":       func() { sayChecking(hostile) },
		"files":          func() { sayFiles(hostile, hostile) },
		"a library":      func() { log.New(logged{}, "", 0).Print(hostile) },
	} {
		if text := stderrOf(t, f); text == "" || steers.MatchString(text) {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// The checks of doctor are in the words of the cluster.
func TestChecksSteerNothing(t *testing.T) {
	format, err := output.Checks.Find("text")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := format.Write(&out, []record.Check{poisoned[record.Check]()}); err != nil || steers.MatchString(out.String()) {
		t.Errorf("%v: %q", err, out.String())
	}
}

// One place cleans what goes to standard error, so that none can be forgotten. GitHub's
// annotations are commands on purpose and have escapes of their own, and the node's
// program writes by itself.
func TestOnlyOneFileWritesToStandardError(t *testing.T) {
	allowed := []string{"ui.go", "cluster.go", filepath.Join("output", "github.go")}
	for _, pattern := range []string{"*.go", "*/*.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s matches nothing: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(path, "_test.go") && !slices.Contains(allowed, path) && strings.Contains(string(text), "os.Stderr") {
				t.Errorf("%s writes to standard error; say does", path)
			}
		}
	}
}
