package analysis_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// runFileSchema is the schema as it is shipped, or one that in addition knows
// no other fields than those it names.
func runFileSchema(t *testing.T, closed bool) *jsonschema.Resolved {
	t.Helper()
	var s jsonschema.Schema
	if err := json.Unmarshal(templates.RunFileSchema(), &s); err != nil {
		t.Fatal(err)
	}
	if closed {
		for _, def := range s.Defs {
			closeObjects(def)
		}
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

func closeObjects(s *jsonschema.Schema) {
	if len(s.Properties) > 0 {
		s.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
	}
	for _, p := range s.Properties {
		closeObjects(p)
	}
}

// validate checks each line of a run file.
func validate(t *testing.T, schema *jsonschema.Resolved, file []byte) {
	t.Helper()
	for i, line := range bytes.Split(bytes.TrimSpace(file), []byte("\n")) {
		var v any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("line %d does not fit the schema: %v\n%s", i+1, err, line)
		}
	}
}

// write makes the file of a run as the tool does.
func write(t *testing.T, r *record.Run) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := record.NewWriter(&out, r.Header)
	for _, s := range r.Samples {
		err = errors.Join(err, w.Request(s), w.Sample(s))
	}
	for _, e := range r.Events {
		err = errors.Join(err, w.Event(e))
	}
	for _, one := range r.Resources {
		err = errors.Join(err, w.Resource(one))
	}
	for _, one := range r.Spans {
		err = errors.Join(err, w.Span(one))
	}
	for _, one := range r.Intervals {
		err = errors.Join(err, w.Interval(one))
	}
	for _, one := range r.Deployments {
		err = errors.Join(err, w.Deployment(one))
	}
	for _, one := range r.Works {
		err = errors.Join(err, w.Work(one))
	}
	if r.End != nil {
		err = errors.Join(err, w.End(r.End.At, r.End.Reason, errors.New("cause")))
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// fullRun has no field that is zero.
func fullRun() *record.Run {
	var h record.Header
	var s record.Sample
	var e record.Event
	var u record.Resource
	var span record.TraceSpan
	var i record.Interval
	var d record.Deployment
	var work record.Work
	for _, v := range []any{&h, &s, &e, &u, &span, &i, &d, &work} {
		fill(reflect.ValueOf(v).Elem())
	}
	s.WithPull = true // the reader takes it from the header
	s.Outcome, s.Cold, u.Scope = record.OK, record.Proven, record.ScopeNode
	u.Clock = record.ClockKubelet
	h.Settings.Other = nil // the schema knows none of them
	h.Settings.Request.Protocol, h.Settings.Request.Scheme = "http2", "https"
	e.Kind, e.Causes = record.EventLimit, []record.Cause{record.CauseImage}
	s.Trouble.Causes, s.Proof = e.Causes, record.ProofAnswer
	s.Phases[0].Name, s.Phases[0].Clock = record.PhaseReady, record.ClockAPI
	s.Selected, i.Sent = record.SelectedSlowest, i.Answered+i.CutOff
	d.Type, d.Steps[0].Name, d.ServerSteps[0].Name = record.TypeRemoval, record.StepGone, record.StepReady
	d.Steps[0].Clock, d.ServerSteps[0].Clock = record.ClockWatch, record.ClockAPI
	work.Outcome = record.Error
	end := record.End{At: time.Second, Reason: record.EndFailed}
	return &record.Run{Header: h, Samples: []record.Sample{s}, Events: []record.Event{e}, Resources: []record.Resource{u}, Spans: []record.TraceSpan{span}, Intervals: []record.Interval{i}, Deployments: []record.Deployment{d}, Works: []record.Work{work}, End: &end}
}

func fill(v reflect.Value) {
	if _, ok := v.Interface().(time.Time); ok {
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		element := reflect.New(v.Type().Elem()).Elem()
		if element.Kind() == reflect.String {
			fill(element)
		}
		v.SetMapIndex(reflect.ValueOf("x").Convert(v.Type().Key()), element)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Uint64:
		v.SetUint(7)
	default:
		v.SetInt(7)
	}
}

func TestSchemaKnowsEveryFieldThatIsWritten(t *testing.T) {
	validate(t, runFileSchema(t, true), write(t, fullRun()))
}

func TestSchemaNamesNoFieldThatIsNotWritten(t *testing.T) {
	var schema struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(templates.RunFileSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(write(t, fullRun()))), "\n") {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		def := v["type"].(string)
		if other, differs := map[string]string{"span": "traceSpan", "request": "endedRequest", "removal": "deployment"}[def]; differs {
			def = other
		}
		named := slices.Sorted(maps.Keys(schema.Defs[def].Properties))
		if diff := cmp.Diff(slices.Sorted(maps.Keys(v)), named); diff != "" {
			t.Errorf("%s: written (-) and in the schema (+):\n%s", v["type"], diff)
		}
	}
}

// kindsInSchema are the kinds of event that the schema knows, with what it says of
// each.
func kindsInSchema(t *testing.T) map[string]string {
	t.Helper()
	var schema struct {
		Defs struct {
			Kind struct {
				OneOf []struct{ Const, Description string }
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(templates.RunFileSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for _, one := range schema.Defs.Kind.OneOf {
		known[one.Const] = one.Description
	}
	return known
}

func TestSchemaDescribesTheKindsOfEvent(t *testing.T) {
	want := map[string]string{}
	for _, info := range record.Kinds {
		want[string(info.Kind)] = info.Meaning
		if info.Unit != "" {
			want[string(info.Kind)] += " Its value: " + info.Unit + "."
		}
	}
	if diff := cmp.Diff(want, kindsInSchema(t)); diff != "" {
		t.Errorf("package record (-) and the schema (+):\n%s", diff)
	}
}

func TestSchemaKnowsEverySetting(t *testing.T) {
	var schema struct {
		Defs struct {
			Settings struct{ Properties map[string]any }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(templates.RunFileSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range fullRun().Header.Settings.List() {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff(names, slices.Sorted(maps.Keys(schema.Defs.Settings.Properties))); diff != "" {
		t.Errorf("package record (-) and the schema (+):\n%s", diff)
	}
}

func TestSchemaHoldsForRuns(t *testing.T) {
	b := runtest.New("r", "runc").Add("runc", 1, time.Second, runtest.Phases).Add("runc", 1, 0, runtest.TimedOut)
	for _, o := range []record.Outcome{record.Refused, record.Reset, record.HTTP, record.Body, record.WrongInstance, record.Error} {
		b.Add("runc", 1, time.Second, runtest.Failed(o), runtest.Coldness(record.Unknown))
	}
	b.Add("runc", 1, time.Second, func(s *record.Sample) {
		for _, name := range record.PhaseNames {
			for _, clock := range []string{record.ClockClient, record.ClockWatch, record.ClockAPI, record.ClockFunction} {
				s.Phases = append(s.Phases, record.Phase{Name: name, Clock: clock})
			}
		}
	})
	validate(t, runFileSchema(t, false), write(t, b.Run()))
	validate(t, runFileSchema(t, false), write(t, &record.Run{Header: record.Header{RunID: "r"}}))
}

// Files that the tool wrote on a real cluster, as many as are kept.
func TestSchemaHoldsForRealRuns(t *testing.T) {
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no runs are kept: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			validate(t, runFileSchema(t, true), file)
		})
	}
}

func TestSchemaRefusesWhatIsNoLine(t *testing.T) {
	schema := runFileSchema(t, false)
	for _, line := range []string{
		`{}`, `[]`, `{"type":"sample"}`, `{"type":"unheard"}`, `{"type":"event","atNs":"soon","kind":"x"}`,
		`{"type":"end","atNs":1,"reason":"bored","samples":1}`, `{"type":"end","atNs":1,"reason":"completed","samples":-1}`,
	} {
		var v any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		if schema.Validate(v) == nil {
			t.Errorf("%s fits the schema", line)
		}
	}
}
