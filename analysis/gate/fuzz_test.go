package gate

import (
	"bytes"
	"math"
	"os"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// addCases seeds a fuzz test with small run files.
func addCases(f *testing.F) {
	f.Helper()
	for _, name := range []string{"one", "avg2", "hour", "pass3v3-base-0", "iter-0", "ab-tail20s"} {
		text, err := os.ReadFile("testdata/cases/" + name + ".jsonl")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
}

// FuzzJudge: whatever a run file holds, it gets a verdict or an error, and none passes
// that is not whole.
func FuzzJudge(f *testing.F) {
	addCases(f)
	var thresholds []Threshold
	for _, m := range metrics() {
		threshold, err := ParseSLO(m.example)
		if err != nil {
			f.Fatal(err)
		}
		thresholds = append(thresholds, threshold)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := record.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		result, err := JudgeSLO([]*record.Run{run}, thresholds, Conditions{})
		if err == nil && result.Verdict == Pass && Ending(run) != "" {
			t.Errorf("a run passes that %s", Ending(run))
		}
		for _, threshold := range thresholds {
			if result, err := JudgeSLO([]*record.Run{run}, []Threshold{threshold}, Conditions{}); err == nil && result.Verdict == Pass && (Ending(run) != "" || len(run.Samples) < 3) {
				t.Errorf("%s passes on %d samples of a run that %s", threshold, len(run.Samples), Ending(run))
			}
		}
		if _, err := JudgeRegression([]*record.Run{run}, []*record.Run{run}, Options{}); err == nil && run.Header.Contents != 0 {
			t.Error("a run is its own baseline")
		}
		if IsAB(run) {
			result, err := JudgeAB(run, ABOptions{Interim: true})
			if err == nil && len(run.Samples) == 0 && (result.Verdict == Pass || result.Verdict == Fail) {
				t.Errorf("sides without samples get the verdict %s", result.Verdict)
			}
		}
	})
}

// FuzzLimits: what is read as a tolerance, a share or a percentile is one.
func FuzzLimits(f *testing.F) {
	for _, s := range []string{"10%,50ms", "0%,0s", "50m", "NaN%", "-0%", "1e-400%", "p(99.9)", "95", "Inf", "0x1p-2%", "1_0%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := ParseTolerance(s); err == nil && (!(v.Share >= 0 && v.Share <= 1) || v.Absolute < 0 || v.Absolute > mostTolerated || v == (Tolerance{})) {
			t.Errorf("%q is the tolerance %+v", s, v)
		}
		if v, err := ParseShare(s); err == nil && (!(v >= 0 && v <= 1) || math.Signbit(v)) {
			t.Errorf("%q is the share %g", s, v)
		}
		if v, err := ParsePercentile(s); err == nil && !(v >= 0.01 && v < 1) {
			t.Errorf("%q is the quantile %g", s, v)
		}
	})
}
