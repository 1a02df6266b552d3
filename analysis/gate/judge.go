package gate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Judge judges new runs against thresholds, and against a baseline if regression is
// not nil, as a gate file that asks for the same.
func Judge(new, base []*record.Run, thresholds []Threshold, regression *Options) (*Result, error) {
	return (&File{Thresholds: thresholds, Regression: regression}).Judge(new, base)
}

// Judge judges new runs as the file asks: against thresholds, and against a
// baseline if Regression is not nil. It is an error to ask for neither.
func (f *File) Judge(new, base []*record.Run) (*Result, error) {
	if len(f.Thresholds) == 0 && f.Regression == nil {
		return nil, fmt.Errorf("judge runs: %w: neither a threshold nor a baseline is given", ErrNothingToJudge)
	}
	result := newResult([]analysis.Warning{})
	allowed := Conditions{AllowIncomplete: f.AllowIncomplete}
	if f.Regression != nil {
		allowed.Expected, allowed.Force = f.Regression.Expected, f.Regression.Force
		allowed.AllowIncomplete = allowed.AllowIncomplete || f.Regression.AllowIncomplete
	}
	if len(f.Thresholds) > 0 {
		slo, err := JudgeSLO(new, f.Thresholds, allowed)
		if err != nil {
			return nil, err
		}
		result.join(slo)
	}
	if f.Regression != nil {
		options := *f.Regression
		options.Conditions = allowed
		against, err := JudgeRegression(base, new, options)
		if err != nil {
			return nil, err
		}
		result.join(against)
	}
	return result, nil
}

// ErrNothingToJudge is returned where the runs do not hold what was asked for.
var ErrNothingToJudge = errors.New("nothing to judge")

// JudgeSLO judges the pooled runs against thresholds, each in every cell that it
// selects. A threshold that selects no cell, a class or a number of services that
// was to be measured and has no samples, and a run that is given twice, are errors.
func JudgeSLO(runs []*record.Run, thresholds []Threshold, allowed Conditions) (*Result, error) {
	if len(thresholds) == 0 {
		return nil, fmt.Errorf("judge thresholds: %w: there are none", ErrNothingToJudge)
	}
	s := analysis.Summarise(runs...)
	if err := cmp.Or(noWork(runs), errors.Join(pool.Copies(pool.Headers(runs)...), everyClass(s), everyNumber(s, runs))); err != nil {
		return nil, fmt.Errorf("judge thresholds: %w", err)
	}
	result := newResult(append(s.Warnings, allowed.warnings(runs)...))
	all := gather(s, runs)
	refused := refusal(runs, allowed)
	for _, t := range thresholds {
		if judged, names := t.judgeFacts(s, runs, refused); names != "" {
			if len(judged) == 0 {
				return nil, fmt.Errorf("judge threshold %q: %w: the runs have %s", t, ErrNothingToJudge, names)
			}
			for _, j := range judged {
				result.add(j)
			}
			continue
		}
		selected := 0
		for i := range s.Cells {
			k := s.Cells[i].Key
			if !t.Selects(k) {
				continue
			}
			selected++
			if refused.Verdict != "" {
				refused.Key, refused.Subject = k, t.subject()
				result.add(refused)
			} else {
				result.add(t.judge(all[k]))
			}
		}
		if selected == 0 {
			return nil, fmt.Errorf("judge threshold %q: %w: the runs have %s", t, ErrNothingToJudge, cellNames(s))
		}
	}
	return result, nil
}

// judgeFacts judges what is no start: loads, or deployments. Names say what of it the runs
// have; they are empty if the threshold is about starts.
func (t Threshold) judgeFacts(s *analysis.Summary, runs []*record.Run, refused Judgement) (judged []Judgement, names string) {
	switch {
	case t.OfLoad():
		return t.judgeLoads(s.Loads, refused), loadNames(s)
	case t.OfDeployments():
		if missing := t.unfollowed(s.Deployments, runs); refused.Verdict == "" && missing != "" && len(s.Deployments) > 0 {
			refused.Verdict, refused.Reason = Invalid, missing
		}
		return t.judgeDeployments(s.Deployments, refused), deploymentNames(s)
	}
	return nil, ""
}

// refusal is the judgement on runs that must not be judged, or not together. It has
// no verdict where they may be.
func refusal(runs []*record.Run, allowed Conditions) Judgement {
	j := Judgement{Kind: SLO}
	if reason := allowed.incomplete(runs); reason != "" {
		j.Verdict, j.Reason = Invalid, reason
	} else if differ := allowed.mismatches(runs); len(differ) > 0 && !allowed.Force {
		j.Verdict, j.Mismatches = Invalid, differ
		j.Reason = "the runs measured different things and must not be pooled: " + pool.Listed(differ)
	}
	return j
}

// Selects says whether the threshold is about a cell.
func (t Threshold) Selects(k record.Key) bool {
	return (t.RuntimeClass == "" || t.RuntimeClass == k.RuntimeClass) &&
		(t.Services == AllServices || t.Services == k.Services)
}

// everyClass makes sure that no class, and no cell, is without samples.
func everyClass(s *analysis.Summary) error {
	if len(s.Cells) == 0 && len(s.Loads) == 0 {
		return fmt.Errorf("%w: the runs have no samples", ErrNothingToJudge)
	}
	for _, r := range s.Runs {
		for _, class := range r.Classes {
			if r.Shape.Load {
				if !hasLoad(s, r.RunID, class.Key()) {
					return fmt.Errorf("%w: class %s was to be measured and has no load in run %s", ErrNothingToJudge, class.Name, r.RunID)
				}
				continue
			}
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

// everyNumber makes sure that no number of services that was to be fired is without
// samples. A climb that ends at a failure is to fire only those before it.
func everyNumber(s *analysis.Summary, runs []*record.Run) error {
	for _, r := range runs {
		set := r.Header.Settings
		if !r.Header.Shape.Rounds || set.UntilFailure {
			continue
		}
		for _, class := range r.Header.Classes {
			for _, n := range set.Services {
				k := class.Key()
				k.Services = n
				if !slices.ContainsFunc(s.Cells, func(c analysis.Cell) bool { return c.Key == k }) {
					return fmt.Errorf("%w: %s was to be measured and has no samples", ErrNothingToJudge, k)
				}
			}
		}
	}
	return nil
}

func cellNames(s *analysis.Summary) string {
	var names []string
	for _, c := range s.Cells {
		names = append(names, c.Key.String())
	}
	if len(names) == 0 {
		return "no starts"
	}
	return strings.Join(names, ", ")
}
