package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReporterStep(t *testing.T) {
	cause := errors.New("no")
	for _, c := range []struct {
		name  string
		fails error
		want  []string // the kinds of progress
	}{
		{"succeeds", nil, []string{StepStarted, StepDone}},
		{"fails", cause, []string{StepStarted}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			err := (&reporter{out: &out}).step("images", func() error { return c.fails })
			if !errors.Is(err, c.fails) || err != nil && !strings.HasPrefix(err.Error(), "images: ") {
				t.Errorf("the error does not name the step and its cause: %v", err)
			}
			var kinds []string
			for decoder := json.NewDecoder(&out); decoder.More(); {
				var p Progress
				if err := decoder.Decode(&p); err != nil {
					t.Fatal(err)
				}
				if p.Step != "images" {
					t.Errorf("progress of step %q", p.Step)
				}
				kinds = append(kinds, p.Kind)
			}
			if diff := cmp.Diff(c.want, kinds); diff != "" {
				t.Error(diff)
			}
		})
	}
}
