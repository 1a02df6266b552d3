package record

import "time"

// ClockOffset is how far a function's wall clock is ahead of the run's clock, as
// estimated from warm requests. It is negative when the clock is behind.
type ClockOffset struct {
	Offset time.Duration `json:"offsetNs"`
	// Uncertainty bounds the error of Offset in both directions.
	Uncertainty time.Duration `json:"uncertaintyNs"`
	// Requests is how many warm requests the estimate is from.
	Requests int `json:"requests"`
}

// AtFunction converts an instant of a function's wall clock, in Unix nanoseconds,
// to this clock. The result is as exact as the offset.
func (c Clock) AtFunction(unixNs int64, o ClockOffset) time.Duration {
	return time.Duration(unixNs-c.start.UnixNano()) - o.Offset
}
