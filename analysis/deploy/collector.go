package deploy

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Collector gathers the deployments of runs, one run after the other.
type Collector struct {
	groups []Group
	runID  string
	// rounds is how many blocks the run was to deploy only to see how long it takes.
	rounds  int
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
	c.runID, c.rounds, c.order, c.present = h.RunID, 0, nil, map[groupName]*groupBuilder{}
	if h.Settings.DeployRounds {
		c.rounds = max(1, h.Settings.Iterations)
	}
	for _, class := range h.Classes {
		c.order = append(c.order, class.Key())
	}
}

// Deployment takes the next deployment or removal. Those that warm caches do not count, and
// of a run that deployed services only to see how long it takes, the others do not: they
// were created beside those of other classes, and removed with instances that had served.
func (c *Collector) Deployment(d *record.Deployment) {
	if d.Discarded || c.present == nil || c.rounds > 0 && d.Block == 0 {
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
		planned := b.planned(c.rounds)
		groups = append(groups, Group{
			RunID: c.runID, Key: name.Key, Together: name.together, InitialScale: name.initialScale,
			Batches: len(planned), Rounds: c.rounds > 0,
			Deployed: b.deployed.course(planned, name.Services, record.StepCreateSent, record.DeploySteps),
			Removed:  b.removed.course(planned, name.Services, record.StepDeleteSent, record.RemovalSteps),
		})
	}
	slices.SortFunc(groups, func(x, y Group) int {
		return cmp.Or(cmp.Compare(x.Services, y.Services), cmp.Compare(x.Together, y.Together), cmp.Compare(x.InitialScale, y.InitialScale),
			cmp.Compare(slices.Index(c.order, x.Class()), slices.Index(c.order, y.Class())), cmp.Compare(x.Key.String(), y.Key.String()))
	})
	c.groups, c.present = append(c.groups, groups...), nil
}

// planned are the blocks that were to be deployed and removed: those of which something is
// known, and in a run of rounds all that it was to make.
func (b *groupBuilder) planned(rounds int) []int {
	blocks := slices.Concat(slices.Collect(maps.Keys(b.deployed)), slices.Collect(maps.Keys(b.removed)))
	for block := range rounds {
		blocks = append(blocks, block+1)
	}
	slices.Sort(blocks)
	return slices.Compact(blocks)
}

// Groups are those of all runs, in the order of runs, numbers of services and classes.
func (c *Collector) Groups() []Group { return c.groups }
