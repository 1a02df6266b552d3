// Package deploy says how long it took to deploy services, until a request would have got
// through the ingress, and to remove them. A deployment that did not come to an end is
// slower than any that did, and so is one that was to be made and of which nothing is known.
package deploy

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Group is the services of one class in one run that were deployed with as many others.
type Group struct {
	RunID string `json:"runId"`
	// Key has the class, and how many services of it were created together.
	record.Key
	// Together is how many services of all classes were created together.
	Together     int `json:"together"`
	InitialScale int `json:"initialScale"`
	// Batches is how often so many services were created together.
	Batches int `json:"batches"`
	// Rounds says that they were deployed only to see how long it takes.
	Rounds bool `json:"rounds,omitempty"`
	// Deployed is about the way there, and Removed about the way back.
	Deployed Course `json:"deployed"`
	Removed  Course `json:"removed"`
}

// Course is one way of the services: there, or back.
type Course struct {
	// Planned counts the services that were to go it, and Failed those that did not come to
	// its last step. RouteUnknown counts those of which it is not known when requests got
	// through to them; they are not in the figures of that step.
	Planned      int `json:"planned"`
	Failed       int `json:"failed"`
	RouteUnknown int `json:"routeUnknown,omitempty"`
	// Retried counts those for which the API server had to be asked again.
	Retried int `json:"retried,omitempty"`
	// Failure is why the first one failed.
	Failure string `json:"failure,omitempty"`
	// Sent is how long it took to send all requests of a batch: the longest.
	Sent  time.Duration `json:"sentNs"`
	Steps []Step        `json:"steps,omitempty"`
}

// Step says how long the services took to one step.
type Step struct {
	Name record.DeployStepName `json:"name"`
	// Reached counts the services that came to the step.
	Reached int `json:"reached"`
	// P50 to Max are times since the request that began it was sent: a failure where so
	// many did not reach the step that it falls among them.
	P50 stat.Point `json:"p50"`
	P95 stat.Point `json:"p95"`
	P99 stat.Point `json:"p99"`
	Max stat.Point `json:"max"`
	// Resolution is how much earlier a step may have been reached, at worst, and
	// MedianResolution at the median.
	Resolution       time.Duration `json:"resolutionNs"`
	MedianResolution time.Duration `json:"medianResolutionNs"`
	Milestones
	// After are the times of all batches since the first request of the batch was sent, the
	// shortest first.
	After []time.Duration `json:"-"`
	// Times are what the quantiles are of, and Batches the same of each batch, in the order
	// of the batches. Services of one batch depend on one another.
	Times   *stat.Set  `json:"-"`
	Batches stat.Parts `json:"-"`
}

// Milestones are when the first, half, and all of the services of a batch had reached a
// step, since the first request of the batch was sent, as medians over the batches in which
// that came about. They are nil if it did in none.
type Milestones struct {
	First *time.Duration `json:"firstNs,omitempty"`
	Half  *time.Duration `json:"halfNs,omitempty"`
	All   *time.Duration `json:"allNs,omitempty"`
}

// Step is the step of that name, or nil if no service was to come to it.
func (c *Course) Step(name record.DeployStepName) *Step {
	for i := range c.Steps {
		if c.Steps[i].Name == name {
			return &c.Steps[i]
		}
	}
	return nil
}

// Alone says that no services of other classes were created at the same time.
func (g *Group) Alone() bool { return g.Together == g.Services }
