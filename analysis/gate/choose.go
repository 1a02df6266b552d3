package gate

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// DefaultLast is how many runs a baseline takes from a folder.
const DefaultLast = 10

// Candidate is a run that may become part of a baseline.
type Candidate struct {
	File   string
	Header record.Header
	// Ending is how it ended if it did not complete; see Ending.
	Ending string
	// Cells are what it has. Their starts are not needed.
	Cells []RunCell
	// Err is why the file could not be read.
	Err error
}

// Choice says which runs of a folder became the baseline, and why the others did not.
type Choice struct {
	Taken []ChosenRun `json:"taken"`
	Left  []ChosenRun `json:"left"`
}

// ChosenRun is a run of a Choice. Reason is why it was left out.
type ChosenRun struct {
	RunID  string `json:"runId,omitempty"`
	File   string `json:"file"`
	Reason string `json:"reason,omitempty"`
	// older says that there are enough later ones, and that nothing else is wrong.
	older bool
}

// Choose takes the last runs, by when they began, that can be a baseline of the new
// ones: those that came to their end, measured the same thing, may be judged, and did
// not begin after all new runs had. Both lists are in the order of time.
func Choose(candidates []Candidate, new []*record.Run, last int, allowed Conditions) Choice {
	c := Choice{Taken: []ChosenRun{}, Left: []ChosenRun{}}
	candidates = slices.Clone(candidates)
	slices.SortStableFunc(candidates, func(a, b Candidate) int {
		return cmp.Or(a.Header.Started.Compare(b.Header.Started), cmp.Compare(a.File, b.File))
	})
	var taken []record.Header
	for _, one := range slices.Backward(candidates) {
		run := ChosenRun{RunID: one.Header.RunID, File: one.File, Reason: allowed.unfit(one, new)}
		switch {
		case run.Reason == "" && slices.ContainsFunc(taken, func(h record.Header) bool { return pool.Same(h, one.Header) }):
			run.Reason = "it is a copy of another run"
		case run.Reason == "" && len(c.Taken) == last:
			run.Reason, run.older = fmt.Sprintf("it is older than the last %d", last), true
		}
		if run.Reason != "" {
			c.Left = append(c.Left, run)
			continue
		}
		taken = append(taken, one.Header)
		c.Taken = append(c.Taken, run)
	}
	slices.Reverse(c.Taken)
	slices.Reverse(c.Left)
	return c
}

// unfit says why a run cannot be in the baseline of the new ones; empty if it can.
func (c Conditions) unfit(one Candidate, new []*record.Run) string {
	if one.Err != nil {
		return one.Err.Error()
	}
	h, later := one.Header, len(new) > 0
	for _, r := range new {
		if pool.Same(h, r.Header) {
			return "it is a run that is judged"
		}
		later = later && h.Started.After(r.Header.Started)
	}
	if one.Ending != "" && !c.AllowIncomplete {
		return "it " + one.Ending
	}
	if later {
		return "it began after the runs that are judged"
	}
	if reason := one.unusable(new); reason != "" {
		return reason
	}
	headers := append([]record.Header{h}, pool.Headers(new)...)
	if differ := pool.Without(pool.Among(headers...), c.Expected); len(differ) > 0 && !c.Force {
		return "it measured something else: " + pool.Listed(differ)
	}
	return ""
}

// unusable says why nothing of the run, or not all of it, can be compared with the new
// runs.
func (c Candidate) unusable(new []*record.Run) string {
	common := false
	for _, cell := range c.Cells {
		has := slices.ContainsFunc(new, func(r *record.Run) bool { return measures(r, cell.Key) })
		if has && cell.Unusable != "" {
			return fmt.Sprintf("%s: %s", cell.Key, cell.Unusable)
		}
		common = common || has
	}
	if !common {
		return "it has none of the classes that are judged"
	}
	return ""
}

// measures says that the run has the cell.
func measures(r *record.Run, k record.Key) bool {
	if r.Header.Shape.Load {
		return slices.ContainsFunc(r.Intervals, func(i record.Interval) bool { return i.Key() == k.Class() })
	}
	return slices.ContainsFunc(r.Samples, func(s record.Sample) bool { return s.Key() == k })
}

// Older counts the runs that were left out for no other reason than that there are
// enough later ones, and returns those that were left out for another.
func (c Choice) Older() (older int, others []ChosenRun) {
	for _, r := range c.Left {
		if r.older {
			older++
		} else {
			others = append(others, r)
		}
	}
	return older, others
}
