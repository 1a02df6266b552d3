package analysis

import (
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/deploy"
	"github.com/kn-coldstart/kn-coldstart/analysis/handler"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/analysis/work"
)

// Summary is what one or several runs say, pooled.
type Summary struct {
	Runs []RunInfo `json:"runs"`
	// Cells are in the order of services, then of the classes as they were
	// named on the command line.
	Cells []Cell `json:"cells"`
	// Loads are those on services: one for each class and run, or in a search one for each
	// rate that was tried.
	Loads []load.Load `json:"loads,omitempty"`
	// Deployments say how long it took to deploy services and to remove them.
	Deployments []deploy.Group `json:"deployments,omitempty"`
	// Work is what programs measured in instances; nil where none were run.
	Work *work.Work `json:"work,omitempty"`
	// Handlers is what the handlers of the classes cost to have, where that was added; see
	// AddHandlers. No run measures it.
	Handlers []handler.Cost `json:"handlers,omitempty"`
	// Limits are those that a search found.
	Limits []ClassLimit `json:"limits,omitempty"`
	// Memory is what an instance of each class takes, from each source.
	Memory   []round.Memory `json:"memory,omitempty"`
	Lateness Lateness       `json:"lateness"`
	// Discarded counts the samples of the rounds that warm caches.
	Discarded int       `json:"discarded"`
	Warnings  []Warning `json:"warnings"`
}

// RunInfo says where a summary comes from.
type RunInfo struct {
	RunID string      `json:"runId"`
	Tool  record.Tool `json:"tool"`
	// Command is for people. What a reader needs to know of the experiment is its Shape.
	Command string             `json:"command"`
	Shape   record.Shape       `json:"-"`
	Started time.Time          `json:"started"`
	Seed    uint64             `json:"seed"`
	Classes []record.Class     `json:"runtimeClasses"`
	Cluster record.Fingerprint `json:"cluster"`
	// End is how the run ended. It is empty when the run was killed.
	End string `json:"end,omitempty"`
	// Lasted is when the run ended, since it began. It is zero when the run was killed.
	Lasted time.Duration `json:"-"`
	// Deployed says, for people, how long it took to create the services and to have
	// them Ready.
	Deployed []string `json:"deployed,omitempty"`
}

// ClassLimit is the largest number of services of a class that held, or the highest rate
// of a load on one of them, by a search.
type ClassLimit struct {
	RunID        string `json:"runId"`
	RuntimeClass string `json:"runtimeClass"`
	Variant      string `json:"variant,omitempty"`
	Services     int    `json:"services,omitempty"`
	// Rate is in requests a second.
	Rate int `json:"rate,omitempty"`
	// Message says what ended the search, and why.
	Message string `json:"message"`
}

// Key is the key of the class as a whole.
func (l ClassLimit) Key() record.Key {
	return record.Key{RuntimeClass: l.RuntimeClass, Variant: l.Variant}
}

// Summarise pools the samples of the runs, for each RuntimeClass and number of
// services.
func Summarise(runs ...*record.Run) *Summary {
	c := newCollector()
	for _, r := range runs {
		v := c.visitor()
		v.Header(&r.Header)
		for i := range r.Samples {
			v.Sample(&r.Samples[i])
		}
		for i := range r.Events {
			v.Event(&r.Events[i])
		}
		for i := range r.Resources {
			v.Resource(&r.Resources[i])
		}
		for i := range r.Intervals {
			v.Interval(&r.Intervals[i])
		}
		for i := range r.Deployments {
			v.Deployment(&r.Deployments[i])
		}
		for i := range r.Works {
			v.Work(&r.Works[i])
		}
		c.finish(r)
	}
	return c.summary()
}

// SummariseFiles summarises run files as Summarise does, without keeping them in
// memory. A path of "-" is standard input. Runs that must not be pooled are refused;
// see pool.Check.
func SummariseFiles(paths ...string) (*Summary, error) {
	c := newCollector()
	var headers []record.Header
	for _, path := range paths {
		r, err := record.WalkFile(path, c.visitor())
		if err != nil {
			return nil, err
		}
		c.finish(r)
		headers = append(headers, r.Header)
	}
	if err := pool.Check(headers...); err != nil {
		return nil, fmt.Errorf("pool %d runs: %w", len(headers), err)
	}
	return c.summary(), nil
}

// AddPublished adds what studies have published of the classes whose work was measured.
func (s *Summary) AddPublished() {
	if s.Work != nil {
		s.Work.AddPublished()
	}
}

// Counts are the counts of all cells together, without the discarded samples.
func (s *Summary) Counts() Counts {
	total := Counts{Failed: map[record.Outcome]int{}, Proofs: map[record.Proof]int{}}
	for _, c := range s.Cells {
		total.Samples += c.Samples
		total.Cold += c.Cold
		total.Warm += c.Warm
		total.Unknown += c.Unknown
		total.Pulled += c.Pulled
		total.PulledOut += c.PulledOut
		for proof, n := range c.Proofs {
			total.Proofs[proof] += n
		}
		total.OK += c.OK
		total.NotMade += c.NotMade
		total.Measured += c.Measured
		total.Censored += c.Censored
		for outcome, n := range c.Failed {
			total.Failed[outcome] += n
		}
	}
	return total
}

// bootstrapSeed makes intervals the same each time a file is read.
const bootstrapSeed = 1

// addRatios relates each cell to the first at the same number of services.
func addRatios(cells []Cell) {
	first := map[int]*Cell{}
	for i := range cells {
		c := &cells[i]
		base := first[c.Services]
		if base == nil {
			first[c.Services] = c
			continue
		}
		if base.Measured > 0 && c.Measured > 0 {
			c.Ratio = stat.ChangeOfParts(base.Parts, c.Parts, true, 0.5, bootstrapSeed).Ratio
		}
	}
}
