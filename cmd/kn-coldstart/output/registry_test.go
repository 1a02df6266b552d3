package output

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestRegistry(t *testing.T) {
	t.Run("report", func(t *testing.T) {
		wantFormats(t, Report, "text", "wide", "json", "markdown", "seconds", "csv", "html", "benchfmt", "hlog", "customSmallerIsBetter", "openmetrics", "prometheus", "otlp")
	})
	t.Run("end of run", func(t *testing.T) { wantFormats(t, RunEnd, "text", "wide", "json") })
	t.Run("comparison", func(t *testing.T) { wantFormats(t, Comparison, "text", "wide", "json", "markdown") })
	t.Run("verdict", func(t *testing.T) { wantFormats(t, Verdict, "text", "json", "markdown", "openmetrics", "prometheus") })
	t.Run("history", func(t *testing.T) { wantFormats(t, History, "text", "wide", "json", "html") })
	t.Run("calibration", func(t *testing.T) { wantFormats(t, Calibration, "text", "wide", "json") })
	t.Run("scenario", func(t *testing.T) { wantFormats(t, Scenario, "text", "json", "markdown") })
	t.Run("plan", func(t *testing.T) { wantFormats(t, Plan, "text", "json") })
	t.Run("checks", func(t *testing.T) { wantFormats(t, Checks, "text", "json") })
}

// wantFormats looks for the formats in the registry, in the help and in the error.
func wantFormats[T any](t *testing.T, r Result[T], want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, r.names()); diff != "" {
		t.Errorf("formats of the %s (-want +got):\n%s", r.Name, diff)
	}
	for _, f := range r.Formats {
		if f.Help == "" || strings.Contains(f.Help, "\n") || f.Write == nil {
			t.Errorf("format %s: help %q", f.Name, f.Help)
		}
		if got, err := r.Find(f.Name); err != nil || got.Name != f.Name {
			t.Errorf("find %s: %s, %v", f.Name, got.Name, err)
		}
		if !strings.Contains(r.help(), "\n  "+f.Name+" ") || !strings.Contains(r.help(), f.Help) {
			t.Errorf("the help does not list %s:\n%s", f.Name, r.help())
		}
	}
	_, err := r.Find("wrong")
	if err == nil || !strings.HasSuffix(err.Error(), " for the "+r.Name+": use "+either(want)) {
		t.Errorf("error %v", err)
	}
}

func TestRegister(t *testing.T) {
	var format string
	flags := pflag.NewFlagSet("x", pflag.ContinueOnError)
	Register(flags, &format, Comparison, Calibration)
	if format != "text" {
		t.Errorf("default %q, want text", format)
	}
	usage := flags.FlagUsages()
	for _, want := range []string{"format of the comparison:", "format of the calibration:", "text      a table for people (default)", "wide      the same with all columns"} {
		if !strings.Contains(usage, want) {
			t.Errorf("the help lacks %q:\n%s", want, usage)
		}
	}
	if err := flags.Parse([]string{"-o", "json"}); err != nil || format != "json" {
		t.Errorf("-o json: %q, %v", format, err)
	}
}

func TestEither(t *testing.T) {
	for want, names := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := either(names); got != want {
			t.Errorf("%q: %q, want %q", names, got, want)
		}
	}
}

func TestChecks(t *testing.T) {
	checks := []record.Check{{Name: "api", Verdict: record.CheckOK, Message: "answers"}, {Name: "class", Verdict: record.CheckFail, Message: "not there", Hint: "create it"}}
	for name, want := range map[string]string{
		"text": "CHECK  VERDICT  FOUND\napi    ok       answers\nclass  fail     not there\n                  hint: create it\n",
		"json": `[
  {
    "name": "api",
    "verdict": "ok",
    "message": "answers"
  },
  {
    "name": "class",
    "verdict": "fail",
    "message": "not there",
    "hint": "create it"
  }
]
`} {
		t.Run(name, func(t *testing.T) {
			f, err := Checks.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := f.Write(&b, checks); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// unreadable are run files that cannot be read.
type unreadable struct{ error }

func (u unreadable) Summary() (*analysis.Summary, error) { return nil, u.error }
func (u unreadable) Runs() ([]*record.Run, error)        { return nil, u.error }
func (u unreadable) Complete(*analysis.Summary) error    { return nil }

func TestReportPassesOnWhatCannotBeRead(t *testing.T) {
	want := errors.New("cannot be read")
	for _, f := range Report.Formats {
		if err := f.Write(io.Discard, unreadable{want}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", f.Name, err, want)
		}
	}
}

func TestFilesSayWhatCouldNotBeWritten(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nosuch", "file")
	if err := WriteHDRLog(nowhere); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "write histogram log: ") {
		t.Errorf("histogram log: %v", err)
	}
	if err := WriteJUnit(nowhere, Judged{Result: &gate.Result{}}); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "write JUnit XML: ") {
		t.Errorf("JUnit: %v", err)
	}
	if err := errors.Join(WriteHDRLog(""), WriteJUnit("", Judged{})); err != nil {
		t.Errorf("no file is wanted: %v", err)
	}
}
