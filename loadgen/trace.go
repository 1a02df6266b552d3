package loadgen

import (
	"crypto/rand"
	"encoding/hex"
)

// traceParent is the value of a W3C traceparent header: version, trace, the span
// that the answer is part of, and that the trace is sampled.
// https://www.w3.org/TR/trace-context/#traceparent-header
func traceParent(traceID string) string {
	span := make([]byte, 8)
	_, _ = rand.Read(span) // it never fails
	return "00-" + traceID + "-" + hex.EncodeToString(span) + "-01"
}
