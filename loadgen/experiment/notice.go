package experiment

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Observer is told how a run goes, while it goes. It may be called by several
// goroutines at a time, and delays the run for as long as it takes.
type Observer interface {
	See(Notice)
}

// ObserverFunc is a function as an Observer.
type ObserverFunc func(Notice)

// See calls the function.
func (f ObserverFunc) See(n Notice) { f(n) }

// Notice is one of the types in this file.
type Notice interface{ notice() }

// Step says what the run does next.
type Step struct{ Text string }

// Warning says what a reader of the results should know, or what went wrong although
// the run goes on.
type Warning struct{ Text string }

// Checked is the result of one check of the cluster.
type Checked struct{ Check record.Check }

// RunFileCreated is the moment after the first line of the run file was written. Path is
// "-" for standard output.
type RunFileCreated struct{ Path string }

// Progress says how far something is that takes a while. It begins with none done.
type Progress struct {
	Task        string
	Done, Total int
}

// Warming is the moment before the first, discarded requests of services are sent
// together, where one cold start is measured at a time.
type Warming struct{ Targets []record.Target }

// TrialBegun is the moment before a request is sent, where one cold start is
// measured at a time.
type TrialBegun struct{ Target record.Target }

// SampleTaken is a sample that was written down, the Done-th of Total.
type SampleTaken struct {
	Done, Total int
	Sample      record.Sample
}

// RoundPlanned begins a round: the services are awaited at zero pods next. Number
// counts from 1. Of is how many rounds there will be, zero where a search decides it.
type RoundPlanned struct {
	Number  int
	Of      int
	Plan    RoundPlan
	Arrival string
}

// RoundAtZero counts the services that are at zero pods before a round.
type RoundAtZero struct{ Done, Total int }

// RoundFiring is the moment before the first request of a round is sent. Instances
// counts those of the round's class at any time.
type RoundFiring struct {
	Plan      RoundPlan
	Targets   []record.Target
	Instances func() record.InstanceCount
}

// RoundFired is a round whose requests all were answered or have failed.
type RoundFired struct{ Round Round }

// RoundJudged says why a round of a search did not hold; without reasons it held.
type RoundJudged struct {
	Plan    RoundPlan
	Reasons []string
}

// LoadBegun is the moment before the requests of a load on a service.
type LoadBegun struct {
	Target record.Target
	Rate   string
	Length time.Duration
}

// LoadSecond is a second of a load of which all requests have ended, with the instances
// that there are then.
type LoadSecond struct {
	Interval  record.Interval
	Instances record.InstanceCount
}

// RateJudged says why a rate of a search did not hold; without reasons it held.
type RateJudged struct {
	Rate    int
	Reasons []string
}

// LoadEnded is the moment after the last request of a load has ended. CPU is what this
// program used since it began.
type LoadEnded struct {
	Target       record.Target
	Sent         int
	CPU, Elapsed time.Duration
}

// WorkBegun is the moment before an instance is started to run the programs, or before they
// run natively. Blocks is how many blocks there are, the first one included, which is
// discarded.
type WorkBegun struct {
	Target        record.Target
	Block, Blocks int
}

// WorkDone is a program that has ended, the Done-th of Total.
type WorkDone struct {
	Done, Total int
	Work        record.Work
}

// Cost is what the tool itself took while it measured.
type Cost struct {
	// Samples is how many samples the rest is of.
	Samples int
	// InTrials is the CPU time from requests to their samples being written, CPU all
	// of it, over Elapsed.
	InTrials, CPU, Elapsed time.Duration
	// PeakMemory is in bytes.
	PeakMemory int64
	// Services is how many were deployed, Requests those to the API server while
	// measuring, AllRequests those of the whole run.
	Services              int
	Requests, AllRequests int64
	// Rounds says that many requests were under way together, so that single trials have
	// no cost of their own.
	Rounds bool
}

func (Step) notice()           {}
func (RunFileCreated) notice() {}
func (Warning) notice()        {}
func (Checked) notice()        {}
func (Progress) notice()       {}
func (Warming) notice()        {}
func (TrialBegun) notice()     {}
func (SampleTaken) notice()    {}
func (RoundPlanned) notice()   {}
func (RoundAtZero) notice()    {}
func (RoundFiring) notice()    {}
func (RoundFired) notice()     {}
func (RoundJudged) notice()    {}
func (LoadBegun) notice()      {}
func (LoadSecond) notice()     {}
func (LoadEnded) notice()      {}
func (RateJudged) notice()     {}
func (WorkBegun) notice()      {}
func (WorkDone) notice()       {}
func (Cost) notice()           {}
