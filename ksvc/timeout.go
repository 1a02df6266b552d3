package ksvc

import (
	"fmt"
	"time"
)

// TimeoutError says that something did not come about in time.
type TimeoutError struct {
	// Waited is how long it was waited for, Last the state that was seen last.
	Waited time.Duration
	Last   string
}

// Error says for how long it was waited, and for what.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("not after %v, last seen: %s", e.Waited.Round(100*time.Millisecond), e.Last)
}
