package experiment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Limit looks for the largest number of services of each class that holds. It is a
// Scale whose Services are steps to climb: until a round fails, then between the last
// two, until the largest number that holds is known to a tenth.
type Limit struct {
	Scale
	// Stop says in words what a round that failed is like, for the record.
	Stop []string
	// Failed says why a round failed; without reasons it held. It may read the run
	// file, which has all of the round's samples.
	Failed func(runFile string, r Round) (reasons []string, err error)
}

// Validate implements Experiment.
func (e *Limit) Validate() error {
	var p problems
	if e.Iterations > 1 {
		p.option("until-failure", "and --iterations %d exclude each other: a search fires each number of services once", e.Iterations)
	}
	if e.RunFile == "-" {
		p.option("until-failure", "reads the run file after each round: it cannot be standard output")
	}
	if e.Failed == nil {
		p.add(errors.New("a search for a limit needs a function that says whether a round failed"))
	}
	p.add(e.Scale.Validate())
	return p.err()
}

func (e *Limit) settings() record.Settings {
	s := e.Scale.settings()
	s.UntilFailure, s.Stop = true, e.Stop
	return s
}

func (e *Limit) measure(ctx context.Context, s *session) error {
	return e.fire(ctx, s, func(r *rounds) ([]Round, error) {
		l := &limits{rounds: r, failed: func(round Round) ([]string, error) { return e.Failed(s.path, round) }}
		return l.run(ctx)
	})
}

// limits makes the rounds of a search in each class. The classes take turns, in an
// order of their own each time.
type limits struct {
	*rounds
	failed func(Round) ([]string, error)
}

// run searches until the limit of every class is found, and returns all rounds,
// those before an error too.
func (l *limits) run(ctx context.Context) ([]Round, error) {
	var all []Round
	for _, p := range l.warming() {
		round, err := l.fire(ctx, p)
		if all = append(all, round); err != nil {
			return all, err
		}
	}
	order := rand.New(rand.NewPCG(l.seed, 1))
	searches := l.searches()
	for block := 1; len(searches) > 0; block++ {
		for _, i := range order.Perm(len(searches)) {
			round, err := searches[i].step(ctx, l, block)
			if all = append(all, round); err != nil {
				return all, err
			}
		}
		searches = slices.DeleteFunc(searches, func(s *classSearch) bool { return s.next() == 0 })
	}
	return all, nil
}

// classSearch is the search for the limit of one class.
type classSearch struct {
	*search
	class record.Key
}

func (l *limits) searches() []*classSearch {
	var all []*classSearch
	for _, class := range byClass(l.targets) {
		all = append(all, &classSearch{search: newSearch(l.services), class: l.targets[class[0]].Key()})
	}
	return all
}

// step makes the next round of a class, and writes its limit down once it is known.
func (s *classSearch) step(ctx context.Context, l *limits, block int) (Round, error) {
	key := s.class
	key.Services = s.next()
	l.total += key.Services
	round, err := l.fire(ctx, RoundPlan{Key: key, Block: block})
	if err == nil {
		err = round.lost // then the round says nothing of the cluster
	}
	if err != nil {
		return round, err
	}
	reasons, err := l.failed(round)
	if err != nil {
		return round, err
	}
	l.observer.See(RoundJudged{round.RoundPlan, reasons})
	s.judge(round.Services, fmt.Sprintf("%d services", round.Services), reasons)
	if s.next() != 0 {
		return round, nil
	}
	return round, l.sink.Event(s.limit(l.clock.Now(), s.class, fmt.Sprintf("the largest number tried, %d", s.held)))
}
