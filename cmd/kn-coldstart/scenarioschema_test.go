package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/scenario"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

var updateSchema = flag.Bool("update-schema", false, "write templates/scenario.schema.json anew")

type object = map[string]any

// TestScenarioSchema makes the schema of the flags, and holds the one that is shipped
// against it.
func TestScenarioSchema(t *testing.T) {
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(makeSchema()); err != nil {
		t.Fatal(err)
	}
	if *updateSchema {
		if err := os.WriteFile("../../templates/scenario.schema.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), string(templates.ScenarioSchema())); diff != "" {
		t.Errorf("run 'go test ./cmd/kn-coldstart -run TestScenarioSchema -update-schema' (-flags +file):\n%s", diff)
	}
}

func makeSchema() object {
	g := grammar()
	experiment, one, shared := object{
		"name": object{"type": "string", "description": "A name of its own, for --only, the summary and the run file."},
	}, []any{}, object{}
	defs := object{
		"whole":    object{"type": "integer"},
		"wholes":   object{"anyOf": []any{ref("whole"), object{"type": "array", "minItems": 1, "items": ref("whole")}}},
		"duration": object{"type": "string", "examples": []any{"30s", "1m30s"}},
		"text":     object{"type": []any{"string", "number"}},
		"texts": object{"anyOf": []any{ref("text"), ref("unquoted"), object{
			"type": "array", "minItems": 1, "items": object{"anyOf": []any{ref("text"), ref("unquoted")}},
		}}},
		"unquoted": object{"description": "Text with a colon, without quotes.", "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": ref("scalar")},
		"scalar":   object{"type": []any{"string", "number", "boolean"}},
		"pairs": object{"description": "Names with values, or NAME=VALUE.", "anyOf": []any{
			object{"type": "object", "minProperties": 1, "additionalProperties": ref("scalar")},
			object{"type": "string"}, object{"type": "array", "minItems": 1, "items": object{"type": "string"}},
		}},
	}
	for _, command := range append(g.Commands(), scenario.Gate) {
		settings := settingsSchema(g[command])
		defs[command] = object{"type": "object", "additionalProperties": false, "properties": settings}
		experiment[command] = object{"$ref": "#/$defs/" + command, "description": "The flags of 'kn-coldstart " + command + "'."}
		if command != scenario.Gate {
			one = append(one, object{"required": []any{command}})
			addDefaults(shared, settings)
		}
	}
	return object{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"$id":         "https://github.com/kn-coldstart/kn-coldstart/templates/scenario.schema.json",
		"title":       "A kn-coldstart scenario file, version 1",
		"description": "Experiments for 'kn-coldstart run -f FILE'. Each setting is a flag of the experiment's command, in camel case.",
		"type":        "object", "required": []any{"version", "experiments"}, "additionalProperties": false,
		"properties": object{
			"version":     object{"const": scenario.Version},
			"failFast":    object{"type": "boolean", "description": "Run nothing more after an experiment that failed, or whose verdict is not a pass."},
			"defaults":    object{"type": "object", "additionalProperties": false, "properties": shared, "description": "Settings of all experiments whose command has the flag, and that do not say it themselves."},
			"experiments": object{"type": "array", "minItems": 1, "items": ref("experiment"), "description": "They run in this order."},
		},
		"$defs": merge(defs, object{"experiment": object{
			"type": "object", "required": []any{"name"}, "oneOf": one, "additionalProperties": false, "properties": experiment,
		}}),
	}
}

func ref(def string) object { return object{"$ref": "#/$defs/" + def} }

func merge(a, b object) object {
	for k, v := range b {
		a[k] = v
	}
	return a
}

// settingsSchema are the properties of a command's settings.
func settingsSchema(flags *pflag.FlagSet) object {
	properties := object{}
	for key, f := range scenario.Keys(flags) {
		_, usage := pflag.UnquoteUsage(f)
		usage = strings.ReplaceAll(usage, "\n", " ")
		if d := f.DefValue; d != "" && d != "[]" && d != "0" && d != "0s" && d != "false" {
			usage += " (default " + strings.Trim(d, "[]") + ")"
		}
		properties[key] = merge(valueSchema(f), object{"description": usage})
	}
	return properties
}

func valueSchema(f *pflag.Flag) object {
	switch f.Value.Type() {
	case "bool":
		return object{"type": "boolean"}
	case "int", "uint64":
		return ref("whole")
	case "duration":
		return ref("duration")
	case "intSlice":
		return ref("wholes")
	case "stringSlice", "stringArray":
		return ref("texts")
	case "NAME=VALUE", "stringToString":
		return ref("pairs")
	}
	return ref("text")
}

// addDefaults adds settings to those that defaults may have. One that is of two types is either.
func addDefaults(shared, settings object) {
	for key, value := range settings {
		before, known := shared[key]
		if !known {
			shared[key] = value
			continue
		}
		a, b := merge(object{}, before.(object)), merge(object{}, value.(object))
		delete(a, "description")
		delete(b, "description")
		if _, either := a["anyOf"]; !either && !reflect.DeepEqual(a, b) {
			shared[key] = object{"anyOf": []any{a, b}, "description": before.(object)["description"]}
		}
	}
}

// The schema and the reader agree, as far as a schema can know.
func TestScenarioSchemaAgreesWithTheReader(t *testing.T) {
	var s jsonschema.Schema
	if err := json.Unmarshal(templates.ScenarioSchema(), &s); err != nil {
		t.Fatal(err)
	}
	schema, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	begin, err := templates.RenderScenario(templates.Scenario{Schema: "https://example.com/schema"})
	if err != nil {
		t.Fatal(err)
	}
	const head = "version: 1\nexperiments:\n  - name: x\n    "
	for text, good := range map[string]bool{
		string(begin): true,
		head + "single: {iterations: 5, clientTimeout: 5s, env: {A: 1, B: x}, runtimeClass: [a, b], port: 8080, withPull: true}":       true,
		head + "scale: {services: 5, header: [Accept: text/html], limit: {cpu: 1}}\n    gate: {slo: [p(95)<2s], percentile: [50, 95]}": true,
		head + "ab: {a: image=x, runtimeClass: runc}\ndefaults: {runtimeClass: runc, env: [A=b]}":                                      true,
		head + "single: {iterations: five}":                false,
		head + "single: {client-timeout: 5s}":              false,
		head + "single: {clientTimeout: 5}":                false,
		head + "single: {withPull: 1}":                     false,
		head + "single: {image: true}":                     false,
		head + "single: {runFile: x}":                      false,
		head + "single: {}\n    scale: {}":                 false,
		head + "single: {env: {A: [1]}}":                   false,
		head + "scale: {services: [1, x]}":                 false,
		head + "scale: {services: []}":                     false,
		head + "single: {service: [a]}":                    true,
		head + "scale: {service: [a]}":                     false,
		head + "single: {}\n    gate: {calibrate: true}":   false,
		head + "single: {}\n    gates: {}":                 false,
		head + "single: {}\nfailFast: 1":                   false,
		head + "single: {}\ndefaults: {nosuch: 1}":         false,
		"version: 2\nexperiments: [{name: x, single: {}}]": false,
		"experiments: [{name: x, single: {}}]":             false,
		"version: 1\nexperiments: []":                      false,
		"version: 1\nexperiments: [{single: {}}]":          false,
		"version: 1\nexperiments: [{name: x}]":             false,
	} {
		var v, decoded any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		asJSON, err := json.Marshal(v)
		if err == nil {
			err = json.Unmarshal(asJSON, &decoded)
		}
		if err != nil {
			t.Fatal(err)
		}
		faults := &scenario.Faults{File: "x.yaml"}
		scenario.Parse([]byte(text), grammar(), faults)
		if read := faults.Err(); (read == nil) != good {
			t.Errorf("%s\nthe reader says %v", text, read)
		}
		if err := schema.Validate(decoded); (err == nil) != good {
			t.Errorf("%s\nthe schema says %v", text, err)
		}
	}
}
