package table

import (
	"fmt"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// proofWords are the proofs in words for people.
var proofWords = map[record.Proof]string{
	record.ProofAnswer:    "by the function's answer",
	record.ProofTrace:     "by a trace",
	record.ProofExclusion: "by excluding all other pods",
}

// Proofs says how many samples are proven cold by what, or "" if none is.
func Proofs(c analysis.Counts) string {
	var parts []string
	for _, proof := range record.Proofs {
		if n := c.Proofs[proof]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", proofWords[proof], n))
		}
	}
	return strings.Join(parts, ", ")
}
