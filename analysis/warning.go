package analysis

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Code names a kind of warning.
type Code string

// The kinds of warning, the gravest first.
const (
	ClientLate     Code = "clientLate"     // requests were sent later than intended
	NoSamples      Code = "noSamples"      // a class that was to be measured has none
	NotCold        Code = "notCold"        // samples that are warm or unknown were left out
	Pulled         Code = "pulled"         // cold starts for which an image was pulled were left out
	Failures       Code = "failures"       // samples that failed are slower than any latency
	NotMade        Code = "notMade"        // starts that were planned had no request, or programs did not run
	Trouble        Code = "trouble"        // the run went on although something was wrong
	DifferentRuns  Code = "differentRuns"  // runs that measured different things stand in one table
	EndedByResult  Code = "endedByResult"  // the run ended because of what it showed
	IncompleteFile Code = "incompleteFile" // the run was killed, or a line of the file was skipped
)

// Warning is something that a reader must know before the numbers.
type Warning struct {
	Code Code `json:"code"`
	// RuntimeClass and Services are set where the warning is about one cell, or one class.
	RuntimeClass string `json:"runtimeClass,omitempty"`
	Services     int    `json:"services,omitempty"`
	Message      string `json:"message"`
}

// troubles are the kinds of event that say that something went wrong although the run
// went on, in the order of the warnings.
var troubles = func() []record.Kind {
	var kinds []record.Kind
	for _, info := range record.Kinds {
		if info.Trouble {
			kinds = append(kinds, info.Kind)
		}
	}
	return kinds
}()

// troubleCount is how often a trouble occurred in a run, and the first of it.
type troubleCount struct {
	times int
	first record.Event
}

func (t troubleCount) warning(runID string) Warning {
	e, times, about := t.first, "", ""
	if t.times > 1 {
		times = fmt.Sprintf(" %d times, first", t.times)
	}
	if e.Service != "" {
		about = e.Service + ": "
	}
	return Warning{Code: Trouble, RuntimeClass: e.RuntimeClass,
		Message: fmt.Sprintf("run %s: %s%s: %s%s", runID, e.Kind, times, about, e.Message)}
}

func (w Warning) String() string { return w.Message }

func warnCell(code Code, k record.Key, format string, args ...any) Warning {
	return Warning{Code: code, RuntimeClass: k.RuntimeClass, Services: k.Services,
		Message: k.String() + ": " + fmt.Sprintf(format, args...)}
}

func (b *cellBuilder) warnings(k record.Key) []Warning {
	var list []Warning
	if b.Samples == 0 {
		list = append(list, warnCell(NoSamples, k, "no samples"))
	}
	if left := b.Warm + b.Unknown; left > 0 {
		list = append(list, warnCell(NotCold, k, "%d of %d samples are not proven cold (%d warm, %d unknown); those that were answered are left out of the quantiles",
			left, b.Samples, b.Warm, b.Unknown))
	}
	if b.PulledOut > 0 {
		list = append(list, warnCell(Pulled, k, "an image was pulled for %d of %d samples: they are left out of the quantiles (a run --with-pull counts them)", b.PulledOut, b.Samples))
	}
	if other := b.Samples - b.OK - b.Failed[record.Timeout]; other > 0 {
		list = append(list, warnCell(Failures, k, "%d of %d samples failed: in the quantiles they are slower than any that was answered", other, b.Samples))
	}
	if b.NotMade > 0 {
		list = append(list, warnCell(NotMade, k, "%d of %d planned starts were not made: in the quantiles they are slower than any that was answered", b.NotMade, b.Planned()))
	}
	return list
}
