package analysis_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Two clusters on which gvisor takes 1.5 and 1.4 times as long as runc would give 0.4
// in one pool. Each by itself is compared.
func TestRunsOfOtherClustersAreNotPooled(t *testing.T) {
	var runs []*record.Run
	for _, name := range []string{"simpson-slow.jsonl", "simpson-fast.jsonl"} {
		r, err := record.ReadFile(filepath.Join("gate", "testdata", "cases", name))
		if err != nil {
			t.Fatal(err)
		}
		c, err := analysis.CompareClasses([]*record.Run{r}, analysis.CompareOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if ratio := c.Rows[0].Changes[0].Result.Ratio.Value; ratio < 1.3 || ratio > 1.6 {
			t.Errorf("%s: the ratio is %g", name, ratio)
		}
		runs = append(runs, r)
	}
	if _, err := analysis.CompareClasses(runs, analysis.CompareOptions{}); !errors.Is(err, pool.ErrDifferent) {
		t.Errorf("classes over both: %v", err)
	}
	if _, err := analysis.Compare(runs, runs[:1], analysis.CompareOptions{}); !errors.Is(err, pool.ErrDifferent) {
		t.Errorf("a side of both: %v", err)
	}
	if _, err := analysis.CompareClasses([]*record.Run{runs[0], runs[0]}, analysis.CompareOptions{}); !errors.Is(err, pool.ErrCopy) {
		t.Errorf("a copy: %v", err)
	}
}
