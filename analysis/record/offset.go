package record

import "time"

// ClockOffset is how far a function's wall clock is ahead of the run's clock,
// as estimated from warm requests; negative when it is behind.
type ClockOffset struct {
	Offset time.Duration `json:"offsetNs"`
	// Uncertainty bounds the error of Offset to either side.
	Uncertainty time.Duration `json:"uncertaintyNs"`
	// Requests is how many warm requests the estimate is made of.
	Requests int `json:"requests"`
}

// AtFunction converts an instant of a function's wall clock, in Unix nanoseconds,
// to this clock. It is as good as the offset's uncertainty.
func (c Clock) AtFunction(unixNs int64, o ClockOffset) time.Duration {
	return time.Duration(unixNs-c.start.UnixNano()) - o.Offset
}
