package experiment

import (
	"context"
	"errors"
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/load"
)

// LoadLimit looks for the highest rate that the service of each class holds. It is a Load
// whose Schedule is the first rate to try. The rate is doubled until one fails; then rates
// between the last two are tried, halfway each time, until the highest one that holds is
// known to a tenth. Each rate lasts for Duration, on the instances that the one before has
// left.
type LoadLimit struct {
	Load
	// Stop says in words what a rate that failed is like, for the record.
	Stop []string
	// Failed says why the load that was sent last to a service failed; without reasons it
	// held. It may read the run file.
	Failed func(runFile string, t record.Target) (reasons []string, err error)
}

// Validate implements Experiment.
func (e *LoadLimit) Validate() error {
	var p problems
	if _, constant := e.Schedule.Rate(); !constant && e.Schedule.String() != "" {
		p.option("rate", "is %s: a search begins with a whole number of requests a second, such as 50/s", e.Schedule)
	}
	if e.RunFile == "-" {
		p.option("until-failure", "reads the run file after each rate: it cannot be standard output")
	}
	if e.Failed == nil {
		p.add(errors.New("a search for a limit needs a function that says whether a rate failed"))
	}
	p.add(e.Load.Validate())
	return p.err()
}

func (e *LoadLimit) settings() record.Settings {
	s := e.Load.settings()
	s.UntilFailure, s.Stop = true, e.Stop
	return s
}

func (e *LoadLimit) measure(ctx context.Context, s *session) error {
	return e.measureEach(ctx, s, e.search)
}

// search looks for the limit of one class.
func (e *LoadLimit) search(ctx context.Context, s *session, t record.Target) (answered int, err error) {
	first, _ := e.Schedule.Rate()
	search := newSearch(doubled(first))
	for rate := search.next(); rate != 0; rate = search.next() {
		n, err := e.send(ctx, s, t, load.Constant(rate))
		if answered += n; err != nil {
			return answered, err
		}
		reasons, err := e.Failed(s.path, t)
		if err != nil {
			return answered, err
		}
		s.See(RateJudged{rate, reasons})
		search.judge(rate, fmt.Sprintf("%d/s", rate), reasons)
	}
	s.event(search.limit(s.clock.Now(), t.Key(), fmt.Sprintf("the highest rate there is, %d/s", search.held)))
	return answered, nil
}

// doubled are a rate and its doubles, as far as a client may send.
func doubled(rate int) []int {
	var all []int
	for ; rate <= load.MostRate; rate *= 2 {
		all = append(all, rate)
	}
	return all
}
