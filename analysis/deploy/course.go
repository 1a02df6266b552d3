package deploy

import (
	"maps"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// course sums up one way of the planned batches of so many services each, from its first step
// on. It is empty if no batch went it.
func (b batches) course(planned []int, services int, first record.DeployStepName, names []record.DeployStepName) Course {
	c := Course{}
	if len(b) == 0 {
		return c
	}
	for _, block := range planned {
		batch := b[block]
		c.Planned += max(services, len(batch))
		if lost := services - min(services, len(batch)); lost > 0 {
			c.Failed, c.Failure = c.Failed+lost, "nothing is known of some of them"
		}
		for _, service := range slices.Sorted(maps.Keys(batch)) {
			d := batch[service]
			c.add(&d)
		}
		begin, end := sending(batch, first)
		c.Sent = max(c.Sent, end-begin)
	}
	for _, name := range names[1:] {
		if s := b.step(name, first, services, planned); s.Times.N() > 0 {
			c.Steps = append(c.Steps, s)
		}
	}
	return c
}

func (c *Course) add(d *record.Deployment) {
	if d.Failure != "" {
		if c.Failed++; c.Failure == "" {
			c.Failure = d.Failure
		}
	}
	if d.RouteUnknown != "" {
		c.RouteUnknown++
	}
	if d.Attempts > 1 {
		c.Retried++
	}
}

// unknown says that a service has no place among the times to a step.
func unknown(d *record.Deployment, name record.DeployStepName) bool {
	return name == record.StepRoutable && d.RouteUnknown != ""
}

// sending is when the first and the last request of a batch were sent.
func sending(batch map[string]record.Deployment, first record.DeployStepName) (from, to time.Duration) {
	begun := false
	for _, d := range batch {
		at, sent := d.Step(first)
		if !sent {
			continue
		}
		if !begun || at < from {
			from = at
		}
		to, begun = max(to, at), true
	}
	return from, to
}

// step is a step of the planned batches of so many services each.
func (b batches) step(name, first record.DeployStepName, services int, planned []int) Step {
	s := Step{Name: name}
	var resolutions []time.Duration
	var milestones [3][]time.Duration
	for _, block := range planned {
		batch := b[block]
		begin, _ := sending(batch, first)
		var times, after []time.Duration
		lost := max(services, len(batch))
		for _, d := range batch {
			from, sent := d.Step(first)
			at, resolution, reached := reachedAt(&d, name)
			if sent && reached {
				times, resolutions, after = append(times, at-from), append(resolutions, resolution), append(after, at-begin)
			}
			if sent && reached || unknown(&d, name) {
				lost--
			}
		}
		slices.Sort(after)
		for i, needed := range []int{1, (services + 1) / 2, services} {
			if len(after) >= needed {
				milestones[i] = append(milestones[i], after[needed-1])
			}
		}
		s.Reached, s.After = s.Reached+len(times), append(s.After, after...)
		s.Batches = append(s.Batches, stat.NewRanked(times, nil, lost))
	}
	slices.Sort(s.After)
	s.Milestones = Milestones{median(milestones[0]), median(milestones[1]), median(milestones[2])}
	if s.Times = s.Batches.Joined(); s.Times.N() > 0 {
		s.P50, s.P95, s.P99, s.Max = s.Times.Quantile(0.5), s.Times.Quantile(0.95), s.Times.Quantile(0.99), s.Times.Max()
	}
	if m := median(resolutions); m != nil {
		s.MedianResolution, s.Resolution = *m, slices.Max(resolutions)
	}
	return s
}

func reachedAt(d *record.Deployment, name record.DeployStepName) (at, resolution time.Duration, reached bool) {
	for _, s := range d.Steps {
		if s.Name == name {
			return s.At, s.Resolution, true
		}
	}
	return 0, 0, false
}

// median is nil if there are no values.
func median(values []time.Duration) *time.Duration {
	if len(values) == 0 {
		return nil
	}
	m := stat.NewSet(values, nil).Quantile(0.5).Latency
	return &m
}
