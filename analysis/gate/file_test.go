package gate

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const wholeFile = `# what this service promises
slo:
  - p(95)<2s
  - gvisor: p(95)<3s
  - "*/500: spawned>=490"
regression:
  baseline: [base-1.jsonl, "more/*.jsonl"]
  percentiles: [50, p99.9]
  tolerance: {share: 15%, absolute: 0s}
  unit: run
  expected: [imageDigest]
  force: true
inconclusive: fail
allowIncomplete: true
`

func TestParseFile(t *testing.T) {
	got, err := ParseFile("gate.yaml", []byte(wholeFile))
	if err != nil {
		t.Fatal(err)
	}
	want := &File{
		Thresholds: []Threshold{
			{Metric: Percentile, Quantile: 0.95, Operator: "<", Limit: 2e9},
			{RuntimeClass: "gvisor", Metric: Percentile, Quantile: 0.95, Operator: "<", Limit: 3e9},
			{Services: 500, Metric: Spawned, Operator: ">=", Limit: 490},
		},
		Regression: &Options{Quantiles: []float64{0.5, 0.999}, Tolerance: Tolerance{Share: 0.15},
			Conditions: Conditions{Expected: []string{"imageDigest"}, Force: true}},
		Baseline:     []string{"base-1.jsonl", "more/*.jsonl"},
		Inconclusive: Fail, AllowIncomplete: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseFileDefaults(t *testing.T) {
	got, err := ParseFile("gate.yaml", []byte("regression:\n  tolerance: {absolute: 1s}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&File{Regression: &Options{Tolerance: Tolerance{Share: 0.10, Absolute: time.Second}}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseFileErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                                              "gate.yaml: the gate file is empty",
		"# nothing\n":                                   "gate.yaml: the gate file is empty",
		"slo: []\n":                                     "gate.yaml: the gate file asks for nothing",
		"slo:\n- p(95)<2s\nslos: []\n":                  "gate.yaml:3: unknown field slos",
		"regression:\n  tolerances: {}\n":               "gate.yaml:2: unknown field tolerances",
		"slo: [max<2s]\nslo: [max<3s]\n":                "gate.yaml:2: mapping key \"slo\" already defined at line 1",
		"slo:\n- max<2s\n- p(95)<2\n":                   "gate.yaml:3: threshold \"p(95)<2\": value \"2\": want a duration",
		"slo:\n- max<2s\n- [max, 2s]\n":                 "gate.yaml:3: want a threshold",
		"slo:\n- gvisor: p(5)<1s\n  x: y\n":             "gate.yaml:2: want a threshold",
		"slo: [\n":                                      "gate.yaml:1: ",
		"inconclusive: maybe\nslo: [max<2s]":            "gate.yaml:1: inconclusive \"maybe\": want pass or fail",
		"slo: [max<2s]\n---\nslo: [max<3s]\n":           "gate.yaml: a gate file holds one document",
		"regression:\n  percentiles: [50, 100]\n":       "gate.yaml:2: percentile \"100\"",
		"regression:\n  tolerance:\n    share: ten\n":   "gate.yaml:3: value \"ten\": want a share",
		"regression:\n  tolerance: {absolute: 50}\n":    "gate.yaml:2: time: missing unit",
		"regression:\n  tolerance: {absolute: -50ms}\n": "gate.yaml: tolerance of",
		"regression: {unit: request}\n":                 "gate.yaml:1: unit \"request\": the unit of evidence of a baseline is the run",
		"slo: [p(50)<2s]\nregression:\n":                "gate.yaml:2: a key or an item has no value",
		"slo:\n- p(50)<2s\n-\n":                         "gate.yaml:3: a key or an item has no value",
		"slo: [p(50)<2s, ~]\n":                          "gate.yaml:1: a key or an item has no value",
		"slo: {runc: p(95)<2s}\n":                       "gate.yaml:1: want a list, each of its items after a dash",
		"slo: [p(95)>2s]\n":                             "gate.yaml:1: threshold \"p(95)>2s\": the worse a run is",
		"regression: {tolerance: {absolute: 50m}}\n":    "gate.yaml: tolerance of 50m0s: every slowdown of a cold start is less than that: did you mean 50ms?",
		"slo: p(50)<2s\n":                               "gate.yaml:1: want a list, such as [p(50)<2s], not p(50)<2s",
		"regression: {force: 7}\n":                      "gate.yaml:1: `7` has no place here",
	} {
		t.Run(in, func(t *testing.T) {
			f, err := ParseFile("gate.yaml", []byte(in))
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %v, %+v, want %q", err, f, want)
			}
		})
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte(wholeFile))
	f.Add([]byte("slo: [max<2s]\nregression:\n  tolerance: {share: 1%}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ParseFile("gate.yaml", data)
		if err == nil && len(file.Thresholds) == 0 && file.Regression == nil {
			t.Error("a file that asks for nothing is read")
		}
		if err != nil && !strings.HasPrefix(err.Error(), "gate.yaml:") {
			t.Errorf("%v does not name the file", err)
		}
	})
}
