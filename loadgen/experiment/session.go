package experiment

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/loadgen/worker"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// session is one run under way.
type session struct {
	cluster  Cluster
	observer Observer
	setup    *Setup
	patience record.Patience
	clock    record.Clock
	header   record.Header
	path     string
	writer   *record.Writer
	survey   record.Survey
	traces   *traces
	guard    *guard
	cost     *cost
	// address is where to connect, empty until it is known; addressing guards it.
	addressing sync.Mutex
	address    string
	// ready knows when instances were.
	ready readiness
	// deployed is how many services may exist, targets those that are ready.
	deployed int
	targets  []record.Target
	// team leads the workers that send the requests, and is nil where this program does. hired
	// are those that may be in the cluster, and short says that some were lost for good.
	team  *worker.Team
	hired record.Workers
	short bool
	// readers have to know when instances were Ready.
	readers atomic.Pointer[worker.Team]
	// deployments knows how services come and go, if the experiment wants to.
	deployments deployments
}

// open checks the cluster, creates the run file and arms the watches. Nothing is
// created in the cluster. The session is nil where there is no run file to close.
func open(ctx context.Context, c Cluster, e Experiment, o Observer) (*session, error) {
	setup := e.setup()
	o.See(Step{"checking the cluster at " + c.Server()})
	survey, err := c.Survey(ctx, needs(e))
	for _, check := range survey.Checks {
		o.See(Checked{check})
	}
	if err != nil {
		return nil, err
	}
	e.adapt(survey)
	warnOfDefault(o, e.sides(), survey.Handlers)
	s := &session{
		cluster: c, observer: o, setup: setup, patience: e.patience(), clock: record.NewClock(),
		survey: survey, address: survey.IngressAddress,
	}
	s.header = s.describe(e)
	if err := s.tellChanges(e); err != nil {
		return nil, err
	}
	s.path = setup.RunFile
	if s.path == "" {
		s.path = filepath.Join(cmp.Or(setup.Results, "results"), s.header.RunID+".jsonl")
	}
	if s.writer, err = record.Create(s.path, s.header); err != nil {
		return nil, err
	}
	o.See(RunFileCreated{s.path})
	return s, c.StartWatch(ctx, s.header.RunID, s.clock, s.patience, s.event)
}

// tellChanges says what will be changed in the services that the user wrote, and keeps
// it in the header.
func (s *session) tellChanges(e Experiment) error {
	services := s.services(0, 1)
	if own, ok := e.(interface {
		services(*session) []templates.Service
	}); ok {
		services = own.services(s)
	}
	services = slices.DeleteFunc(services, func(s templates.Service) bool { return s.Manifest == nil })
	if len(services) == 0 {
		return nil
	}
	changes, err := s.cluster.Changes(s.header.RunID, services)
	for _, change := range changes {
		s.observer.See(Step{"changing the service: " + change})
	}
	s.header.Settings.ManifestChanges = changes
	return err
}

// warnOfDefault says what "default" stands for where it can be misunderstood.
func warnOfDefault(o Observer, classes []record.Class, handlers map[string]string) {
	named := slices.ContainsFunc(classes, func(c record.Class) bool { return c.Name == templates.DefaultClass })
	if _, there := handlers[templates.DefaultClass]; named && there {
		o.See(Warning{"the cluster has a RuntimeClass named default; it is not measured: default stands for pods without a runtimeClassName"})
	}
}

func needs(e Experiment) record.Needs {
	setup := e.setup()
	n := record.Needs{ClientTimeout: setup.Service.ClientTimeout, IngressAddress: setup.IngressAddress, Traces: setup.Traces.On, Scheme: setup.Request.Scheme, Containers: e.containers(), Services: e.existing(), Native: e.native()}
	seen := map[string]bool{}
	for _, class := range e.sides() {
		if !seen[class.Name] && class.Name != templates.DefaultClass {
			n.RuntimeClasses = append(n.RuntimeClasses, class.Name)
		}
		seen[class.Name] = true
		n.Images = append(n.Images, class.Image)
	}
	n.UserSpec, n.Workers = setup.Service.Manifest != nil, WorkersOf(e)
	return n
}

// describe makes the header.
func (s *session) describe(e Experiment) record.Header {
	command, shape := e.describe()
	h := record.Header{
		RunID: cmp.Or(s.setup.RunID, NewRunID(s.clock.Start())), Tool: s.setup.Tool, Command: command, Shape: shape, Settings: e.settings(),
		Classes: append([]record.Class(nil), e.sides()...), Seed: s.setup.Seed, Started: s.clock.Start(), Cluster: s.survey.Cluster,
	}
	for i := range h.Classes {
		if name := h.Classes[i].Name; name != templates.DefaultClass {
			h.Classes[i].Handler = s.survey.Handlers[name]
		}
		h.Classes[i].ImageBytes = s.survey.ImageBytes[h.Classes[i].Image]
	}
	return h
}

// NewRunID makes the id of a run that starts at a time. It sorts by time and is a valid
// label.
func NewRunID(started time.Time) string {
	return started.UTC().Format("20060102-150405-") + randomHex(3)
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// event writes an event down. A failure to do so is told; the run ends when its next
// sample cannot be written either.
func (s *session) event(e record.Event) {
	s.ready.observe(e)
	if readers := s.readers.Load(); readers != nil && e.Kind == record.EventInstanceReady {
		readers.TellReady(e.Pod, e.At)
	}
	if e.Kind == record.EventWorkerLost {
		s.observer.See(Warning{e.Message})
	}
	s.told(s.writer.Event(e))
}

func (s *session) told(err error) {
	if err != nil {
		s.observer.See(Warning{err.Error()})
	}
}

// See takes a notice of what the run does: the guard and the cost go by it, and the
// observer is told.
func (s *session) See(n Notice) {
	switch n := n.(type) {
	case TrialBegun:
		s.guard.watch(n.Target)
		s.cost.beginTrial()
	case Warming:
		for _, t := range n.Targets {
			s.guard.watch(t)
		}
	case LoadBegun:
		s.guard.watch(n.Target)
	case WorkBegun:
		if n.Target.RuntimeClass != record.Native {
			s.guard.watch(n.Target)
		}
	case RoundFiring:
		for _, t := range n.Targets {
			s.guard.watch(t)
		}
	case SampleTaken:
		s.cost.endTrial()
		if answered(&n.Sample) {
			s.guard.release(n.Sample.Key().Class())
		}
	}
	s.observer.See(n)
}

// answered says that an instance of the class has served a request, whatever it
// answered. Of a function that says nothing of itself a trace may tell it, or a success
// with a body that was not expected: neither the ingress nor the activator answers so.
func answered(s *record.Sample) bool {
	return !s.Failed() || s.Function != nil || s.Instance != nil || s.Outcome == record.Body
}

// client is what sends the run's requests.
func (s *session) client() *loadgen.Client {
	c := s.spec().Client(s.clock)
	c.TraceID = s.traces.ids()
	return c
}

// spec is what the client is like.
func (s *session) spec() *loadgen.Spec {
	return s.setup.Request.spec(s.setup.Service.ClientTimeout, s.header.Classes)
}

// keepWith makes a recorder one that keeps the run's samples.
func (s *session) keepWith(r *recorder) {
	r.clock, r.cluster, r.sink, r.observer, r.withPull = s.clock, s.cluster, s.writer, s, s.setup.WithPull
}

// ErrNothingMeasured is returned for a run that was completed for nothing.
var ErrNothingMeasured = errors.New("no sample was an answered cold start")

// measure runs the experiment, from the first service to the last sample.
func (s *session) measure(ctx context.Context, e Experiment) error {
	s.warnUnverified()
	s.guard = newGuard(ctx, s.cluster.AwaitTrouble)
	defer s.guard.stop()
	if err := s.hire(ctx, WorkersOf(e)); err != nil {
		return err
	}
	keeping, end := context.WithCancel(ctx)
	defer end()
	if s.team != nil {
		go s.team.Keep(keeping)
	}
	err := s.guard.reason(e.measure(s.guard.ctx, s))
	return errors.Join(err, s.dismiss(ctx, err))
}

// warnUnverified says so where anybody may answer in place of the ingress.
func (s *session) warnUnverified() {
	if !s.setup.Request.Insecure {
		return
	}
	const warning = "certificates are not verified: it is not certain who answers"
	s.observer.See(Warning{warning})
	s.event(record.Event{At: s.clock.Now(), Kind: record.EventUnverified, Message: warning})
}

// finish writes down what is known at the end of an experiment, and says whether it
// measured anything.
func (s *session) finish(samples []record.Sample) error {
	if err := errors.Join(s.tellCost(len(samples)), s.digests()); err != nil {
		return err
	}
	for i := range samples {
		if one := &samples[i]; !one.Discarded && one.Cold == record.Proven && !one.Failed() && !one.SpoiledByPull() {
			return nil
		}
	}
	return ErrNothingMeasured
}

// digests writes down what the kubelet ran for each class.
func (s *session) digests() error {
	told := map[record.Key]bool{}
	for _, t := range s.targets {
		id := s.cluster.ImageID(t.Service)
		if id == "" || told[t.Key()] {
			continue
		}
		told[t.Key()] = true
		e := record.Event{At: s.clock.Now(), Kind: record.EventImageDigest, RuntimeClass: t.RuntimeClass, Variant: t.Variant, Message: id}
		if err := s.writer.Event(e); err != nil {
			return err
		}
	}
	return nil
}

// close writes the last line, restores what was changed and removes what was
// created, also when ctx has ended. It returns cause with whatever else went wrong.
func (s *session) close(ctx context.Context, cause error) error {
	s.cluster.StopWatch()
	defer s.cluster.StopDeployments()
	finished, reason := s.traces.finish(ctx), endOf(ctx, cause)
	if s.deployments.followed() && reason == record.EndCompleted {
		return errors.Join(cause, finished, s.closeAfterRemoval(ctx, cause))
	}
	return errors.Join(cause, finished, s.writer.End(s.clock.Now(), reason, cause), s.cleanUp(context.WithoutCancel(ctx)))
}

// closeAfterRemoval is close where how the services go is part of the run, so that the last
// line follows. When ctx ends meanwhile, the last line is written at once, without those
// that are not gone yet, and the removal goes on.
func (s *session) closeAfterRemoval(ctx context.Context, cause error) error {
	gone := s.deployments.expectGone(ctx)
	var once sync.Once
	var ended error
	end := func(limit time.Duration) {
		once.Do(func() {
			_, unwritten := gone(limit)
			reason, cause := record.EndCompleted, cause
			if unwritten != nil {
				reason, cause = record.EndFailed, unwritten
			}
			ended = errors.Join(unwritten, s.writer.End(s.clock.Now(), reason, cause))
		})
	}
	early := context.AfterFunc(ctx, func() { end(0) })
	defer early()
	cleaned := s.cleanUp(context.WithoutCancel(ctx))
	end(patienceAfter(cleaned))
	return errors.Join(cleaned, ended)
}

// cleanUp restores the setting, which is the whole cluster's, and removes the services and
// the workers. None waits for another, so that one that is stuck holds up nothing.
func (s *session) cleanUp(ctx context.Context) error {
	var restoring sync.WaitGroup
	var restored, removed, stopped error
	restoring.Go(func() { restored = s.traces.restore(ctx) })
	if s.hired.Count > 0 {
		restoring.Go(func() { stopped = s.cluster.StopWorkers(ctx, s.header.RunID) })
	}
	if s.deployed > 0 {
		removed = s.remove(ctx)
	}
	restoring.Wait()
	return errors.Join(restored, removed, stopped)
}

// remove removes the services that there are.
func (s *session) remove(ctx context.Context) error {
	return s.cluster.Remove(ctx, s.header.RunID, s.progress("removing what was created"))
}

func endOf(ctx context.Context, cause error) string {
	switch {
	case ctx.Err() != nil:
		return record.EndInterrupted
	case isLoss(cause):
		return record.EndFailed
	case cause != nil && !errors.Is(cause, ErrNothingMeasured):
		return record.EndFailed
	}
	return record.EndCompleted
}

// progress tells the observer that a task begins, and then how far it is.
func (s *session) progress(task string) func(done, total int) {
	s.observer.See(Progress{Task: task})
	return func(done, total int) { s.observer.See(Progress{task, done, total}) }
}
