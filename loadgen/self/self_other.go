//go:build !unix

package self

import "time"

// CPUTime and PeakMemory are not known here.
func CPUTime() time.Duration { return 0 }
func PeakMemory() int64      { return 0 }
