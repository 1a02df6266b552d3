package record

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The runs in analysis/testdata were written before shape, settings and proof were
// fields of their own.
func TestRunsThatAreKeptAreReadIntoFields(t *testing.T) {
	ab := Settings{
		StableWindow: 6 * time.Second, ClientTimeout: 100 * time.Second, ServicesPerSide: 12, MaxBlocks: 200,
		Tolerance: &Tolerance{Share: 0.1, Absolute: 50 * time.Millisecond},
		A:         &Side{RuntimeClass: "runc", Image: "dev.local/coldfn:local"}, B: &Side{RuntimeClass: "runc", Image: "dev.local/coldfn:local"},
	}
	pass, same, slower := ab, ab, ab
	pass.Budget, same.Budget, slower.Budget = 330*time.Second, 180*time.Second, 150*time.Second
	slower.B = &Side{RuntimeClass: "runc", Image: "dev.local/coldfn:local", Env: map[string]string{"COLDFN_START_DELAY": hash("COLDFN_START_DELAY", "350ms")}}
	single := Settings{StableWindow: 6 * time.Second, ClientTimeout: 100 * time.Second, Iterations: 30, OffsetRequests: 4, ServicesPerClass: 13, Traces: true}
	sides := Shape{Sides: true, Sequential: true}
	const digest = "sha256:fed58df1afaf14fa6f485d9f3ee70a5c9e7edbd5c2054addd464f3a3b0b9751d"
	for _, c := range []struct {
		file     string
		shape    Shape
		settings Settings
		classes  []string
		digest   string
		samples  int
	}{
		{"single.jsonl", Shape{}, single, []string{"runc", "crun", "gvisor"}, digest, 129},
		{"ab-pass.jsonl", sides, pass, []string{"runc (a)", "runc (b)"}, "sha256:09c32ea998613b4e6befa7dbbfe58d8ba5f3d0ffb00f2b4ba3c0d5921364aced", 96},
		{"ab-same.jsonl", sides, same, []string{"runc (a)", "runc (b)"}, digest, 66},
		{"ab-slower.jsonl", sides, slower, []string{"runc (a)", "runc (b)"}, digest, 24},
	} {
		t.Run(c.file, func(t *testing.T) {
			run, err := ReadFile(filepath.Join("..", "testdata", c.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.shape, run.Header.Shape); diff != "" {
				t.Errorf("shape:\n%s", diff)
			}
			if diff := cmp.Diff(c.settings, run.Header.Settings); diff != "" {
				t.Errorf("settings:\n%s", diff)
			}
			var classes []string
			for _, class := range run.Header.Classes {
				classes = append(classes, class.Key().String())
				if class.ImageDigest != c.digest {
					t.Errorf("%s ran %q, want %q", class.Key(), class.ImageDigest, c.digest)
				}
			}
			if diff := cmp.Diff(c.classes, classes); diff != "" {
				t.Errorf("classes:\n%s", diff)
			}
			checkKept(t, run, c.samples)
		})
	}
}

// checkKept checks what holds for every sample of a run in which all went well.
func checkKept(t *testing.T, run *Run, samples int) {
	t.Helper()
	if len(run.Samples) != samples || len(run.Warnings) != 0 || run.End.Reason != EndCompleted {
		t.Errorf("%d samples, warnings %v, end %+v", len(run.Samples), run.Warnings, run.End)
	}
	for _, s := range run.Samples {
		if s.Instance == nil || s.Proof != ProofAnswer || s.Instance.UID == "" || s.Trouble != nil {
			t.Fatalf("%s: proof %q, instance %+v, trouble %+v", s.Service, s.Proof, s.Instance, s.Trouble)
		}
	}
}
