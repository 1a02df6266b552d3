package gate

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// noWork refuses to judge what programs measured: which of two machines they ran on would
// decide more than what changed.
func noWork(sides ...[]*record.Run) error {
	for _, side := range sides {
		for _, r := range side {
			if r.Header.Shape.Work {
				return fmt.Errorf("%w: run %s is of work, which has no cold starts and no verdict: 'kn-coldstart report' relates its classes to one another and to native", ErrNothingToJudge, r.Header.RunID)
			}
		}
	}
	return nil
}
