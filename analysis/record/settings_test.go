package record

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSettingsAreReadBack(t *testing.T) {
	want := Settings{
		StableWindow: 6 * time.Second, Env: map[string]string{"A": "b"}, Iterations: 30, Traces: true, Services: []int{1, 5},
		Tolerance: &Tolerance{Share: 0.1, Absolute: time.Millisecond}, A: &Side{RuntimeClass: "runc", Image: "i"},
		Other: map[string]any{"later": []any{"x", 1.0}, "clientTimeout": "100s"},
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Settings
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestASettingOfAnotherTypeIsKept(t *testing.T) {
	var got Settings
	if err := json.Unmarshal([]byte(`{"iterations": "many", "stableWindowNs": 7}`), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Settings{StableWindow: 7, Other: map[string]any{"iterations": "many"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSettingsSayWhetherRunsMustAgree(t *testing.T) {
	list := Settings{ClientTimeout: 1, Iterations: 2, Other: map[string]any{"later": true}}.List()
	want := []Setting{{"clientTimeoutNs", 1.0, true}, {"iterations", 2.0, false}, {"later", true, true}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
}

// Every field has to say whether runs that differ in it can be compared: one that
// was forgotten would be compared, or not, by accident.
func TestEverySettingSaysHowItIsCompared(t *testing.T) {
	for field := range reflect.TypeFor[Settings]().Fields() {
		if tag := field.Tag.Get("compare"); tag != "same" && tag != "any" {
			t.Errorf("%s: tag compare is %q, want same or any", field.Name, tag)
		}
		if tag := field.Tag.Get("json"); tag == "" {
			t.Errorf("%s has no JSON name", field.Name)
		}
	}
}

// What cannot be written is not left out in silence.
func TestASettingThatCannotBeWrittenIsAnError(t *testing.T) {
	for name, s := range map[string]Settings{
		"known": {Iterations: 3, Tolerance: &Tolerance{Share: math.NaN()}},
		"other": {Iterations: 3, Other: map[string]any{"later": math.Inf(1)}},
	} {
		if text, err := json.Marshal(s); err == nil {
			t.Errorf("%s: written as %s", name, text)
		}
	}
}

// A duration is more exact than a floating-point number.
func TestALongDurationIsExact(t *testing.T) {
	want := Settings{Budget: 1<<62 + 1, Other: map[string]any{"later": true}}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Settings
	if err := json.Unmarshal(text, &got); err != nil || got.Budget != want.Budget {
		t.Errorf("%v, %d, want %d", err, got.Budget, want.Budget)
	}
}
