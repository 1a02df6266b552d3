// Package history follows runs over weeks: how one quantile of each class changes from
// run to run, and in front of which run it changed for good.
//
// As against a baseline, the unit of evidence is the run. A load is one observation: its
// quantile is that of all its requests. Only runs that measured the
// same thing stand in one series; package pool says which do. Runs that did not come to
// their end, and cells whose latencies must not be judged, are shown apart and not used.
package history

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Options of a history.
type Options struct {
	// Quantile in (0, 1) that is followed.
	Quantile float64
	// Expected names the fields of the header that may differ within a series, because
	// they are what changes from run to run; see pool.Mismatch.
	Expected []string
	// Seed of the permutations.
	Seed uint64
}

// History is one quantile of many runs over time.
type History struct {
	Quantile float64  `json:"quantile"`
	Expected []string `json:"expected"`
	// Series are those of each class and number of services. Runs that measured
	// different things are in different ones.
	Series []Series `json:"series"`
	// Apart are the runs that are in no series.
	Apart []Apart `json:"apart"`
}

// Series is one cell in the runs that measured the same thing, in the order of time.
type Series struct {
	record.Key
	// Differs is in what the runs differ from those of the first series of the cell.
	Differs []pool.Mismatch `json:"differs,omitempty"`
	// Loads says that the runs are of loads: then starts are requests, of which each run's
	// quantile is of all.
	Loads bool `json:"loads,omitempty"`
	// SamplesPerRun is how many starts each run's quantile is of: as many as the run
	// with the fewest has. Quantiles of few are biased.
	SamplesPerRun int     `json:"samplesPerRun"`
	Points        []Point `json:"points"`
	// Changes are in the order of time.
	Changes []Change `json:"changes"`
	// Spread is the standard deviation of runs between which nothing changed, as a
	// share.
	Spread stat.Real `json:"spread"`
	// Apart are the runs that have the cell and are not used.
	Apart []Apart `json:"apart"`
}

// Point is one run.
type Point struct {
	RunID string `json:"runId"`
	// File is where the run was read from.
	File    string    `json:"file"`
	Started time.Time `json:"started"`
	// Label is what the user calls the version that was measured, such as a commit.
	Label string `json:"label,omitempty"`
	// Image and ImageDigest are those of the class.
	Image       string      `json:"image,omitempty"`
	ImageDigest string      `json:"imageDigest,omitempty"`
	Tool        record.Tool `json:"tool"`
	// Starts is how many the run has in the cell, Failed how many of them were not
	// answered or not made.
	Starts int        `json:"starts"`
	Failed int        `json:"failed"`
	Value  stat.Point `json:"value"`
}

// Apart is a run that is not used.
type Apart struct {
	RunID  string `json:"runId"`
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// Source is a run and what is known of it beside its contents.
type Source struct {
	File, Label string
	Run         *record.Run
}

// Builder gathers runs one after the other. It keeps of their samples what a history
// needs, so that many can be read.
type Builder struct {
	options Options
	runs    []taken
	apart   []Apart
}

// taken is a run that came to its end.
type taken struct {
	header record.Header
	file   string
	label  string
	cells  []gate.RunCell
}

// New begins a history without runs.
func New(o Options) (*Builder, error) {
	if !(o.Quantile > 0 && o.Quantile < 1) {
		return nil, fmt.Errorf("quantile %g: want one between 0 and 1, without them", o.Quantile)
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	return &Builder{options: o, apart: []Apart{}}, nil
}

// Add takes a run, in any order.
func (b *Builder) Add(s Source) {
	h, reason := s.Run.Header, ""
	cells := gate.RunCells(s.Run)
	switch how := gate.Ending(s.Run); {
	case how != "":
		reason = "it " + how
	case h.Started.IsZero():
		reason = "its header does not say when it began"
	case h.Shape.Work:
		reason = "it is of work, which history does not follow: 'kn-coldstart report' shows what it measured"
	case len(cells) == 0:
		reason = "it has no samples"
	default:
		b.runs = append(b.runs, taken{h, s.File, s.Label, cells})
		return
	}
	b.apart = append(b.apart, Apart{h.RunID, s.File, reason})
}

// ErrNoRuns is returned where no run can be used.
var ErrNoRuns = errors.New("no run can be used")

// History is that of all runs so far. A run that was added twice is an error, and so are
// runs of which none can be used.
func (b *Builder) History() (*History, error) {
	var headers []record.Header
	for _, r := range b.runs {
		headers = append(headers, r.header)
	}
	if err := pool.Copies(headers...); err != nil {
		return nil, err
	}
	if len(b.runs) == 0 {
		err := ErrNoRuns
		for _, a := range b.apart {
			err = fmt.Errorf("%w; %s: %s", err, a.File, a.Reason)
		}
		return nil, err
	}
	slices.SortStableFunc(b.runs, func(x, y taken) int {
		return cmp.Or(x.header.Started.Compare(y.header.Started), cmp.Compare(x.header.RunID, y.header.RunID))
	})
	h := &History{Quantile: b.options.Quantile, Expected: append([]string{}, b.options.Expected...), Series: []Series{}, Apart: b.apart}
	for _, k := range b.keys() {
		h.Series = append(h.Series, b.seriesOf(k)...)
	}
	return h, nil
}

// keys are those of all cells: by the number of services, then in the order in which the
// classes were first named.
func (b *Builder) keys() []record.Key {
	var keys []record.Key
	for _, r := range b.runs {
		for _, c := range r.cells {
			if !slices.Contains(keys, c.Key) {
				keys = append(keys, c.Key)
			}
		}
	}
	slices.SortStableFunc(keys, func(x, y record.Key) int { return cmp.Compare(x.Services, y.Services) })
	return keys
}
