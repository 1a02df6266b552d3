package templates

import _ "embed"

//go:embed scenario.yaml
var scenarioText string

var scenarioTemplate = parse("scenario.yaml", scenarioText)

//go:embed scenario.schema.json
var scenarioSchema []byte

// Scenario is a scenario file to begin with.
type Scenario struct {
	// Schema is the URL of the file's JSON Schema, empty where there is none.
	Schema string
}

// RenderScenario fills in scenario.yaml.
func RenderScenario(s Scenario) ([]byte, error) { return render(scenarioTemplate, s) }

// ScenarioSchema is the JSON Schema (draft 2020-12) of scenario files.
func ScenarioSchema() []byte { return append([]byte(nil), scenarioSchema...) }
