package gate

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
)

// A class that is in the baseline alone is not judged, and is no pass.
func TestRegressionOfAClassThatIsGone(t *testing.T) {
	base := side(5, 30, time.Second, 1)
	for _, r := range base {
		more := runtest.New("more", "gvisor").Draw("gvisor", 30, runtest.LogNormal(3, time.Second, 0.2)).Run()
		r.Header.Classes = append(r.Header.Classes, more.Header.Classes...)
		r.Samples = append(r.Samples, more.Samples...)
	}
	r, err := JudgeRegression(base, side(5, 30, time.Second, 2), Options{Quantiles: []float64{0.5}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != Inconclusive || len(r.Judgements) != 2 || r.Judgements[0].Verdict != Pass {
		t.Errorf("%s: %+v", r.Verdict, r.Judgements)
	}
	if last := r.Judgements[1]; last.RuntimeClass != "gvisor" || !strings.Contains(last.Reason, "was not measured") {
		t.Errorf("%+v", last)
	}
}

func TestMismatchesAreListed(t *testing.T) {
	r, err := JudgeRegression(side(5, 30, time.Second, 1), side(5, 30, time.Second, 2, kernel("7")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"kernel"}, r.Mismatches()); diff != "" {
		t.Error(diff)
	}
}
