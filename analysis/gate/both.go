package gate

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Judge judges new runs against thresholds, and against a baseline if
// regression is not nil. It is an error to ask for neither.
func Judge(new, base []*record.Run, thresholds []Threshold, regression *Options) (*Result, error) {
	result := newResult([]analysis.Warning{})
	if len(thresholds) == 0 && regression == nil {
		return nil, fmt.Errorf("judge runs: %w: neither a threshold nor a baseline is given", ErrNothingToJudge)
	}
	if len(thresholds) > 0 {
		slo, err := JudgeSLO(new, thresholds)
		if err != nil {
			return nil, err
		}
		result.join(slo)
	}
	if regression != nil {
		against, err := JudgeRegression(base, new, *regression)
		if err != nil {
			return nil, err
		}
		result.join(against)
	}
	return result, nil
}
