package experiment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Work has one instance at a time run the programs of cmd/workfn, one after the other. In
// each block every class has a turn, in a random order, with an instance of its own:
//
//	zero ── start ── redis ── 7zip ── … ── zero     and the same for the next class
//
// Nothing else of the run exists meanwhile, so that what the node uses of memory is that of
// the one instance. A first block is discarded.
type Work struct {
	Setup
	// Iterations is how many blocks are measured.
	Iterations int
	// Programs are some of WorkPrograms, in the order in which they run.
	Programs []string
	// RedisRequests is how many requests there are for each command of Redis.
	RedisRequests int
	// ProgramTime is how long each step of the other programs takes, in whole seconds.
	ProgramTime time.Duration
	// Native, when set, runs the same programs outside of any container.
	Native Native
}

// Native starts what the image of a class starts outside of any container, on the machine
// that is the cluster's one node. Package native has it.
type Native interface {
	// Start returns the HOST:PORT at which it listens, until stop.
	Start(ctx context.Context) (address string, stop func() error, err error)
}

// WorkPrograms are the programs that there are.
var WorkPrograms = []string{"redis", "7zip", "sysbench-cpu", "sysbench-memory", "sysbench-fileio"}

const (
	mostRedisRequests = 10_000_000
	mostProgramTime   = time.Hour
	// mostSteps is how many steps of ProgramTime a program has, and aroundSteps what it may
	// take besides.
	mostSteps   = 3
	aroundSteps = 30 * time.Second
)

// Validate implements Experiment.
func (e *Work) Validate() error {
	var p problems
	p.atLeast("iterations", e.Iterations, 1)
	if len(e.Programs) == 0 {
		p.option("programs", "names none: there are %s", strings.Join(WorkPrograms, ", "))
	}
	for i, name := range e.Programs {
		if !slices.Contains(WorkPrograms, name) {
			p.option("programs", "names %q: there are %s", name, strings.Join(WorkPrograms, ", "))
		}
		if slices.Contains(e.Programs[:i], name) {
			p.option("programs", "names %s twice", name)
		}
	}
	if n := e.RedisRequests; n < 1 || n > mostRedisRequests {
		p.option("redis-requests", "is %d: it must be from 1 to %d", n, mostRedisRequests)
	}
	if d := e.ProgramTime; d < time.Second || d > mostProgramTime || d%time.Second != 0 {
		p.option("program-time", "is %v: it must be whole seconds from 1s to %v", d, mostProgramTime)
	}
	if takes := mostSteps*e.ProgramTime + aroundSteps; e.Service.ClientTimeout > 0 && takes > e.Service.ClientTimeout {
		p.option("program-time", "is %v, with which a program may take %v: --client-timeout is only %v", e.ProgramTime, takes, e.Service.ClientTimeout)
	}
	for _, class := range e.Classes {
		if class.Name == record.Native {
			p.option("runtime-class", "is %s: that is what the programs outside of any container are called", class.Name)
		}
	}
	p.add(e.Setup.validate(e.Classes))
	return p.err()
}

func (*Work) describe() (string, record.Shape) { return "work", record.Shape{Work: true} }

func (*Work) adapt(record.Survey) {}

func (e *Work) native() bool { return e.Native != nil }

func (e *Work) settings() record.Settings {
	s := e.recorded()
	s.Iterations, s.Programs, s.RedisRequests, s.ProgramTime = e.Iterations, e.Programs, e.RedisRequests, e.ProgramTime
	s.Native = e.native()
	return s
}

func (e *Work) patience() record.Patience { return record.Patience{Zero: e.Service.zeroTimeout()} }

func (e *Work) measure(ctx context.Context, s *session) error {
	targets, err := s.deploy(ctx, s.services(0, 1))
	if err != nil {
		return err
	}
	s.startCost()
	stop := s.cluster.SampleUsage(ctx, s.clock, usagePeriod, func(r record.Resource) { s.told(s.writer.Resource(r)) }, s.event)
	defer stop()
	if e.native() {
		targets = append(targets, record.Target{RuntimeClass: record.Native})
	}
	w := &working{session: s, options: e, total: (1 + e.Iterations) * len(targets) * len(e.Programs)}
	random := rand.New(rand.NewPCG(e.Seed, 0))
	for w.block = range 1 + e.Iterations {
		for _, i := range random.Perm(len(targets)) {
			if err := w.turn(ctx, targets[i]); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(s.tellCost(w.done), s.digests()); err != nil {
		return err
	}
	if w.measured == 0 {
		return fmt.Errorf("no program came to its end: %w", ErrNothingMeasured)
	}
	return nil
}
