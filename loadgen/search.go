package loadgen

import (
	"context"
	"math/rand/v2"
	"slices"
)

// Search looks for the largest number of services that holds: it climbs the steps
// until one does not, and then halves what is left in between until that is at most
// a tenth of what held, or one service.
//
//	25 ✓ ── 50 ✓ ───────────────────────── 100 ✗
//	        50 ─────────── 75 ✓ ────────── 100
//	                       75 ──── 87 ✗ ── 100
//	                       75 81 ✓ 87            81 held
//
// One round decides each number. Near the limit another search may well end a few
// services away.
type Search struct {
	steps []int
	// held is the largest number that held, failed the smallest that did not; zero
	// while there is none.
	held, failed int
}

// NewSearch begins a search that climbs the numbers of services in ascending order.
func NewSearch(services []int) *Search {
	return &Search{steps: slices.Compact(slices.Sorted(slices.Values(services)))}
}

// Held is the largest number of services that held, Failed the smallest that did
// not; zero where there is none.
func (s *Search) Held() int   { return s.held }
func (s *Search) Failed() int { return s.failed }

// Next is the number of services to try next, zero when the search is over.
func (s *Search) Next() int {
	if s.failed == 0 {
		for _, n := range s.steps {
			if n > s.held {
				return n
			}
		}
		return 0
	}
	if gap := s.failed - s.held; gap > max(1, s.held/10) {
		return s.held + gap/2
	}
	return 0
}

// Saw takes in whether n services held.
func (s *Search) Saw(n int, held bool) {
	if held {
		s.held = n
	} else {
		s.failed = n
	}
}

// Limits is the scale experiment that looks for the limit of each class. The
// classes take turns, in an order of their own each time.
type Limits struct {
	// Scale fires the rounds; its Services are the steps to climb.
	*Scale
	// Held says whether a round held.
	Held func(Round) (bool, error)
	// OnFound, when set, is called as soon as the limit of a class is known.
	OnFound func(class string, s *Search) error
}

// Run searches until the limit of every class is found, and returns all rounds,
// those before an error too.
func (l *Limits) Run(ctx context.Context) ([]Round, error) {
	if err := l.validate(); err != nil {
		return nil, err
	}
	var rounds []Round
	for _, c := range l.cells() {
		if !c.Discarded {
			break
		}
		round, err := l.Fire(ctx, c)
		if rounds = append(rounds, round); err != nil {
			return rounds, err
		}
	}
	order := rand.New(rand.NewPCG(l.Options.Seed, 1))
	searches := l.searches()
	for block := 1; len(searches) > 0; block++ {
		for _, i := range order.Perm(len(searches)) {
			round, err := searches[i].step(ctx, l, block)
			if rounds = append(rounds, round); err != nil {
				return rounds, err
			}
		}
		searches = slices.DeleteFunc(searches, func(s classSearch) bool { return s.Next() == 0 })
	}
	return rounds, nil
}

// classSearch is the search for the limit of one class.
type classSearch struct {
	*Search
	class string
}

func (l *Limits) searches() []classSearch {
	var all []classSearch
	for _, class := range byClass(l.Targets) {
		all = append(all, classSearch{NewSearch(l.Options.Services), l.Targets[class[0]].RuntimeClass})
	}
	return all
}

// step makes the next round of a class.
func (s classSearch) step(ctx context.Context, l *Limits, block int) (Round, error) {
	round, err := l.Fire(ctx, Cell{RuntimeClass: s.class, Services: s.Next(), Block: block})
	if err != nil {
		return round, err
	}
	held, err := l.Held(round)
	if err != nil {
		return round, err
	}
	if s.Saw(round.Services, held); s.Next() == 0 && l.OnFound != nil {
		return round, l.OnFound(s.class, s.Search)
	}
	return round, nil
}
