package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
)

func TestLargeNumbersAreStrings(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":9007199254740992}`:                            `{"a":9007199254740992}`,
		`{"a":9007199254740993}`:                            `{"a":"9007199254740993"}`,
		`[-9007199254740993,1]`:                             `["-9007199254740993",1]`,
		`[18446744073709551615]`:                            `["18446744073709551615"]`,
		`[1e300,123456789012345678.5]`:                      `[1e300,123456789012345678.5]`,
		`{"18446744073709551615":"\"99999999999999999999"}`: `{"18446744073709551615":"\"99999999999999999999"}`,
		`["\\",99999999999999999999]`:                       `["\\","99999999999999999999"]`,
	} {
		if got := string(quoteLarge([]byte(text))); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestTheSeedSurvivesJavaScript(t *testing.T) {
	r := runtest.Three()
	r.Header.Seed = math.MaxUint64
	var out bytes.Buffer
	if err := JSON(&out, analysis.Summarise(r)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"seed": "18446744073709551615"`) || !json.Valid(out.Bytes()) {
		t.Errorf("%s", out.String()[:600])
	}
}
