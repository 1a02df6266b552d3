package deploy

import (
	"cmp"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Collector gathers the deployments of runs, one run after the other.
type Collector struct {
	groups []Group
	runID  string
	// rounds says that the run deployed services only to see how long it takes.
	rounds  bool
	order   []record.Key // of the classes of the run
	present map[groupName]*groupBuilder
}

// groupName is what the services of a group have in common.
type groupName struct {
	record.Key
	together, initialScale int
}

// groupBuilder gathers the batches of a group, by their blocks.
type groupBuilder struct{ deployed, removed batches }

type batches map[int]map[string]record.Deployment

// NewCollector begins without a run.
func NewCollector() *Collector { return &Collector{} }

// Header begins a run.
func (c *Collector) Header(h *record.Header) {
	c.runID, c.rounds, c.order, c.present = h.RunID, h.Settings.DeployRounds, nil, map[groupName]*groupBuilder{}
	for _, class := range h.Classes {
		c.order = append(c.order, class.Key())
	}
}

// Deployment takes the next deployment or removal. Those that warm caches do not count, and
// of a run that deployed services only to see how long it takes, the others do not: they
// were created beside those of other classes, and removed with instances that had served.
func (c *Collector) Deployment(d *record.Deployment) {
	if d.Discarded || c.present == nil || c.rounds && d.Block == 0 {
		return
	}
	name := groupName{d.Key(), d.Together, d.InitialScale}
	b := c.present[name]
	if b == nil {
		b = &groupBuilder{deployed: batches{}, removed: batches{}}
		c.present[name] = b
	}
	if d.Type == record.TypeRemoval {
		b.removed.add(d)
	} else {
		b.deployed.add(d)
	}
}

// add takes one service in. A later line of it takes the place of an earlier one.
func (b batches) add(d *record.Deployment) {
	if b[d.Block] == nil {
		b[d.Block] = map[string]record.Deployment{}
	}
	b[d.Block][d.Service] = *d
}

// Finish ends the run.
func (c *Collector) Finish() {
	var groups []Group
	for name, b := range c.present {
		groups = append(groups, Group{
			RunID: c.runID, Key: name.Key, Together: name.together, InitialScale: name.initialScale,
			Batches:  max(len(b.deployed), len(b.removed)),
			Deployed: b.deployed.course(name.Services, record.StepCreateSent, record.DeploySteps),
			Removed:  b.removed.course(name.Services, record.StepDeleteSent, record.RemovalSteps),
		})
	}
	slices.SortFunc(groups, func(x, y Group) int {
		return cmp.Or(cmp.Compare(x.Services, y.Services), cmp.Compare(x.Together, y.Together), cmp.Compare(x.InitialScale, y.InitialScale),
			cmp.Compare(slices.Index(c.order, x.Class()), slices.Index(c.order, y.Class())), cmp.Compare(x.Key.String(), y.Key.String()))
	})
	c.groups, c.present = append(c.groups, groups...), nil
}

// Groups are those of all runs, in the order of runs, numbers of services and classes.
func (c *Collector) Groups() []Group { return c.groups }
