package gate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// ErrNothingToJudge is returned where the runs do not hold what was asked for.
var ErrNothingToJudge = errors.New("nothing to judge")

// JudgeSLO judges the pooled runs against thresholds, each in every cell that it
// selects. A threshold that selects no cell, and a class that was to be measured
// and has no samples, are errors.
func JudgeSLO(runs []*record.Run, thresholds []Threshold) (*Result, error) {
	if len(thresholds) == 0 {
		return nil, fmt.Errorf("judge thresholds: %w: there are none", ErrNothingToJudge)
	}
	s := analysis.Summarise(runs...)
	if err := everyClass(s); err != nil {
		return nil, fmt.Errorf("judge thresholds: %w", err)
	}
	result := newResult(s.Warnings)
	for _, t := range thresholds {
		selected := 0
		for i := range s.Cells {
			if c := &s.Cells[i]; t.Selects(c.Key) {
				selected++
				result.add(t.judge(c))
			}
		}
		if selected == 0 {
			return nil, fmt.Errorf("judge threshold %q: %w: the runs have %s", t, ErrNothingToJudge, cellNames(s))
		}
	}
	return result, nil
}

// Selects says whether the threshold is about a cell.
func (t Threshold) Selects(k record.Key) bool {
	return (t.RuntimeClass == "" || t.RuntimeClass == k.RuntimeClass) &&
		(t.Services == AllServices || t.Services == k.Services)
}

// everyClass makes sure that no class, and no cell, is without samples.
func everyClass(s *analysis.Summary) error {
	if len(s.Cells) == 0 {
		return fmt.Errorf("%w: the runs have no samples", ErrNothingToJudge)
	}
	for _, r := range s.Runs {
		for _, class := range r.Classes {
			if !slices.ContainsFunc(s.Cells, func(c analysis.Cell) bool { return c.RuntimeClass == class.Name && c.Variant == class.Variant }) {
				return fmt.Errorf("%w: class %s was to be measured and has no samples", ErrNothingToJudge, class.Name)
			}
		}
	}
	for _, c := range s.Cells {
		if c.Samples == 0 {
			return fmt.Errorf("%w: all samples of %s were discarded", ErrNothingToJudge, c.Key)
		}
	}
	return nil
}

func cellNames(s *analysis.Summary) string {
	var names []string
	for _, c := range s.Cells {
		names = append(names, c.Key.String())
	}
	return strings.Join(names, ", ")
}
