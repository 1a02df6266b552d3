package experiment

import (
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// madeUp is a cluster that keeps a list of what it was asked for. Its ingress is a
// listener of the test, which answers as the function does.
type madeUp struct {
	t       *testing.T
	ingress string
	// hidden says that the survey does not find the ingress.
	hidden bool
	// handlers are those that the survey finds.
	handlers map[string]string
	// fails are errors by the name of what is asked for.
	fails map[string]error
	// during is called when something is asked for.
	during func(what string)
	// existing are services that the survey finds.
	existing []record.ExistingService
	// needs and patience are what the run asked with.
	needs    record.Needs
	patience record.Patience
	// emit is what the watch tells its events to.
	emit func(record.Event)
	// stuck is what keeps workers waiting, if anything does.
	stuck string

	mu       sync.Mutex
	asked    []string
	services map[string]templates.Service
	workers  []*httptest.Server
	// workerAsked, when set, is told of each request to a worker before it gets it.
	workerAsked func(w *httptest.Server, path string)
}

func newMadeUp(t *testing.T) *madeUp {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	m := &madeUp{t: t, ingress: listener.Addr().String(), fails: map[string]error{}, handlers: map[string]string{"runc": "runc"}, services: map[string]templates.Service{}}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go newFakeCluster(record.NewClock()).instantly().serve(conn)
		}
	}()
	return m
}

func (f *fakeCluster) instantly() *fakeCluster { f.coldStart = 0; return f }

func (m *madeUp) ask(what string) error {
	m.mu.Lock()
	m.asked = append(m.asked, what)
	m.mu.Unlock()
	if m.during != nil {
		m.during(what)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fails[what]
}

// fail has what is asked for fail from now on.
func (m *madeUp) fail(what string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails[what] = err
}

func (m *madeUp) was(what string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Contains(m.asked, what)
}

func (m *madeUp) Server() string { return "https://made-up" }
func (m *madeUp) Survey(_ context.Context, n record.Needs) (record.Survey, error) {
	m.needs = n
	s := record.Survey{Services: m.existing, IngressAddress: m.ingress, Handlers: m.handlers, GracePeriod: time.Second, MaxRevisionTimeout: time.Hour}
	if m.hidden {
		s.IngressAddress = ""
	}
	return s, m.ask("survey")
}
func (m *madeUp) Create(_ context.Context, _ string, services []templates.Service, progress func(done, total int)) error {
	m.mu.Lock()
	for _, s := range services {
		m.services[s.Name] = s
	}
	m.mu.Unlock()
	progress(len(services), len(services))
	return m.ask("create")
}
func (m *madeUp) Changes(_ string, services []templates.Service) ([]string, error) {
	return []string{services[0].Manifest.File + " changed"}, m.ask("changes")
}
func (m *madeUp) Address(context.Context, string) (string, error) {
	return m.ingress, m.ask("address")
}
func (m *madeUp) Remove(ctx context.Context, _ string, _ func(done, total int)) error {
	if ctx.Err() != nil {
		m.t.Error("removes under a context that has ended")
	}
	return m.ask("remove")
}
func (m *madeUp) StartWatch(_ context.Context, _ string, _ record.Clock, p record.Patience, emit func(record.Event)) error {
	m.patience, m.emit = p, emit
	return m.ask("watch")
}
func (m *madeUp) StopWatch() { _ = m.ask("stop watch") }
func (m *madeUp) AwaitReady(_ context.Context, name string) (record.Target, error) {
	m.mu.Lock()
	s := m.services[name]
	m.mu.Unlock()
	return record.Target{RuntimeClass: s.RuntimeClass, Variant: s.Variant, Namespace: "bench", Service: name,
		Revision: name + "-00001", Host: name + ".bench.example.com"}, m.ask("ready")
}
func (m *madeUp) AwaitInstances(ctx context.Context, name string, _ int) (record.Target, error) {
	t, err := m.AwaitReady(ctx, name)
	return t, errors.Join(err, m.ask("instances"))
}
func (m *madeUp) AwaitZero(ctx context.Context, _ record.Target) error {
	return errors.Join(ctx.Err(), m.ask("zero"))
}
func (m *madeUp) AwaitRoute(context.Context, record.Target) error { return m.ask("route") }
func (m *madeUp) AwaitTrouble(ctx context.Context, _ record.Target) error {
	<-ctx.Done()
	return nil
}
func (m *madeUp) Prove(_ context.Context, _ record.Target, s *record.Sample) error {
	s.Cold, s.ColdReason = record.Proven, "made up"
	return m.ask("prove")
}
func (m *madeUp) Instances(record.Key) record.InstanceCount { return record.InstanceCount{} }
func (m *madeUp) ImageID(string) string                     { return "sha256:1" }
func (m *madeUp) Requests() int64                           { return 7 }
func (m *madeUp) SampleUsage(context.Context, record.Clock, time.Duration, func(record.Resource), func(record.Event)) func() {
	return func() { _ = m.ask("stop usage") }
}
func (m *madeUp) FollowPanic(_ context.Context, _ record.Clock, t record.Target, event func(record.Event)) func() {
	event(record.Event{Kind: record.EventPanicMode, RuntimeClass: t.RuntimeClass, Service: t.Service})
	return func() { _ = m.ask("stop panic") }
}
func (m *madeUp) FollowDeployments(context.Context, string, record.Clock) error {
	return m.ask("follow deployments")
}
func (m *madeUp) StopDeployments() { _ = m.ask("stop deployments") }
func (m *madeUp) AwaitDeployed(ctx context.Context, service string) record.Deployment {
	return m.course(ctx, service, record.TypeDeployment, record.DeploySteps)
}
func (m *madeUp) AwaitRemoved(ctx context.Context, service string) record.Deployment {
	return m.course(ctx, service, record.TypeRemoval, record.RemovalSteps)
}

// course is one second for each step, unless the steps do not come.
func (m *madeUp) course(ctx context.Context, service string, kind record.Type, names []record.DeployStepName) record.Deployment {
	d := record.Deployment{Type: kind, Service: service, Attempts: 1}
	if err := m.ask(string(kind)); err != nil {
		<-ctx.Done()
		d.Failure = err.Error()
		return d
	}
	for i, name := range names {
		d.Steps = append(d.Steps, record.DeployStep{Name: name, At: time.Duration(i) * time.Second, Clock: record.ClockClient, Resolution: 1})
	}
	return d
}
func (m *madeUp) StartTraces(context.Context, string, func(string) bool, func(record.TraceSpan)) (string, error) {
	return "here:4318", m.ask("traces")
}
func (m *madeUp) StopTraces() error { return m.ask("stop traces") }
func (m *madeUp) ClaimTraces(_ context.Context, _ string, waiting func(string)) error {
	waiting("another")
	return m.ask("claim traces")
}
func (m *madeUp) RestoreTraces(ctx context.Context) ([]string, error) {
	if ctx.Err() != nil {
		m.t.Error("restores tracing under a context that has ended")
	}
	return []string{"tracing-protocol"}, m.ask("restore traces")
}

func setupOf(t *testing.T) Setup {
	return Setup{
		Classes: []record.Class{{Name: "runc", Image: "x"}},
		Service: Service{StableWindow: ShortestWindow, ClientTimeout: 5 * time.Second},
		RunFile: filepath.Join(t.TempDir(), "run.jsonl"), Seed: 1,
	}
}

// runFile reads what a run wrote.
func runFile(t *testing.T, path string) *record.Run {
	t.Helper()
	run, err := record.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestRun(t *testing.T) {
	for name, e := range map[string]Experiment{
		"single": &Single{Setup: setupOf(t), Iterations: 2, ServicesPerClass: 1},
		"scale": &Scale{Setup: setupOf(t), Iterations: 1, Services: []int{3}, MaxServices: 10,
			Arrival: arrivalOf(t, "burst")},
		"load": &Load{Setup: setupOf(t), Schedule: scheduleOf(t, "20/s"), Duration: time.Second},
		"ab": &AB{Setup: setupOf(t), A: record.Side{RuntimeClass: "runc", Image: "x"}, B: record.Side{RuntimeClass: "runc", Image: "y"},
			MaxBlocks: 2, Budget: time.Minute, ServicesPerSide: 1},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMadeUp(t)
			if s, ok := e.(*Scale); ok {
				s.Service.StableWindow = ShortestWindow
			}
			result, err := Run(t.Context(), m, e, nil)
			if err != nil {
				t.Fatal(err)
			}
			run := runFile(t, result.RunFile)
			if run.End == nil || run.End.Reason != record.EndCompleted || len(run.Samples) < 3 || run.Header.RunID != result.RunID {
				t.Errorf("end %+v, %d samples of run %s", run.End, len(run.Samples), run.Header.RunID)
			}
			if run.Header.Classes[0].Handler != "runc" || run.Header.Classes[0].ImageDigest != "sha256:1" || run.Header.Settings.StableWindow != ShortestWindow {
				t.Errorf("header %+v", run.Header)
			}
			if shape := run.Header.Shape; m.was("stop usage") != (shape.Rounds || shape.Load) {
				t.Errorf("asked for %v", m.asked)
			}
			if !m.was("stop watch") || !m.was("remove") || m.was("traces") {
				t.Errorf("asked for %v", m.asked)
			}
		})
	}
}

// What is changed in the user's service is told and written down before anything is
// created. A service that cannot be made creates nothing.
func TestRunOfAManifest(t *testing.T) {
	for name, broken := range map[string]error{"changes": nil, "cannot be made": errors.New("broken")} {
		t.Run(name, func(t *testing.T) {
			manifest := &templates.Manifest{File: "service.yaml", Text: []byte("x")}
			setup := func() Setup {
				s := setupOf(t) // a run file of its own
				s.Service.Manifest = manifest
				return s
			}
			for command, e := range map[string]Experiment{
				"single": &Single{Setup: setup(), Iterations: 1, ServicesPerClass: 1},
				"load":   &Load{Setup: setup(), Schedule: scheduleOf(t, "20/s"), Duration: time.Second},
				"ab": &AB{Setup: setup(), A: record.Side{RuntimeClass: "runc", Image: "x"}, B: record.Side{RuntimeClass: "runc", Image: "y"},
					ManifestA: manifest, ManifestB: manifest, MaxBlocks: 1, Budget: time.Minute, ServicesPerSide: 1},
			} {
				m := newMadeUp(t)
				m.fails["changes"] = broken
				var told []string
				result, err := Run(t.Context(), m, e, ObserverFunc(func(n Notice) {
					if s, ok := n.(Step); ok {
						told = append(told, s.Text)
					}
				}))
				if !errors.Is(err, broken) || m.was("create") != (broken == nil) {
					t.Fatalf("%s: %v, asked for %v", command, err, m.asked)
				}
				if !slices.Contains(told, "changing the service: service.yaml changed") {
					t.Errorf("%s: told %q", command, told)
				}
				if broken != nil {
					continue
				}
				s := runFile(t, result.RunFile).Header.Settings
				if s.Manifest != manifest.SHA256() || s.ManifestFile != "service.yaml" || !slices.Equal(s.ManifestChanges, []string{"service.yaml changed"}) {
					t.Errorf("%s: settings %+v", command, s)
				}
				for _, service := range m.services {
					if service.Manifest != manifest {
						t.Errorf("%s: service %+v", command, service)
					}
				}
			}
		})
	}
}

// The default runtime is no RuntimeClass that the cluster has to have, and a RuntimeClass
// of that name is not taken for it.
func TestRunOfTheDefaultRuntime(t *testing.T) {
	setup := setupOf(t)
	setup.Classes = []record.Class{{Name: "default", Image: "x"}, {Name: "runc", Image: "x"}}
	e := &Single{Setup: setup, Iterations: 1, ServicesPerClass: 1}
	if diff := cmp.Diff([]string{"runc"}, needs(e).RuntimeClasses); diff != "" {
		t.Error(diff)
	}
	m := newMadeUp(t)
	m.handlers = map[string]string{"runc": "runc", "default": "crun"}
	var warned []string
	result, err := Run(t.Context(), m, e, ObserverFunc(func(n Notice) {
		if w, ok := n.(Warning); ok {
			warned = append(warned, w.Text)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if classes := runFile(t, result.RunFile).Header.Classes; classes[0].Handler != "" || classes[1].Handler != "runc" {
		t.Errorf("classes %+v", classes)
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "RuntimeClass named default") {
		t.Errorf("warnings %q", warned)
	}
}

// Traced starts come after all others, with services of their own.
func TestTracedStartsComeLast(t *testing.T) {
	m, setup := newMadeUp(t), setupOf(t)
	setup.Traces = Traces{On: true, Address: "192.0.2.1:0"}
	setup.Classes = []record.Class{{Name: "runc", Image: "x"}}
	result, err := Run(t.Context(), m, &Single{Setup: setup, Iterations: 12, ServicesPerClass: 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := runFile(t, result.RunFile)
	plain, traced := map[string]bool{}, 0
	for _, s := range run.Samples {
		switch {
		case !s.Traced && s.TraceID == "":
			plain[s.Service] = true
		case s.TraceID == "":
			t.Errorf("sample of %s is traced and has no trace", s.Service)
		case plain[s.Service]:
			t.Errorf("service %s has starts of both kinds", s.Service)
		case s.Traced:
			traced++
			if !s.Discarded || s.Block != 12+traced {
				t.Errorf("traced sample %d: discarded %v, block %d", traced, s.Discarded, s.Block)
			}
		}
	}
	if traced != mostTracedBlocks || run.Header.Settings.TracedBlocks != mostTracedBlocks {
		t.Errorf("%d traced, settings %+v", traced, run.Header.Settings)
	}
}

// Whatever fails, what was created is removed, and the run file says how it ended.
func TestRunEndsInOrder(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name    string
		fails   string
		removed bool
		file    bool
	}{
		{"the checks", "survey", false, false},
		{"the watches", "watch", false, true},
		{"Knative's tracing", "traces", true, true},
		{"the creation", "create", true, true},
		{"a service", "ready", true, true},
		{"a route", "route", true, true},
		{"the removal", "remove", true, true},
		{"the end of tracing", "stop traces", true, true},
		{"restoring", "restore traces", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // some of them wait for the last traces
			m, setup := newMadeUp(t), setupOf(t)
			m.fails[c.fails] = broken
			setup.Traces = Traces{On: true, Address: "192.0.2.1:0"}
			if c.fails != "stop traces" && c.fails != "restore traces" && c.fails != "remove" {
				setup.Service.ClientTimeout = time.Second
			}
			result, err := Run(t.Context(), m, &Single{Setup: setup, Iterations: 1, ServicesPerClass: 1}, nil)
			if !errors.Is(err, broken) {
				t.Fatalf("error %v", err)
			}
			if m.was("remove") != c.removed {
				t.Errorf("removed: %v, asked for %v", m.was("remove"), m.asked)
			}
			if m.was("traces") != (m.was("restore traces") && m.was("stop traces")) {
				t.Errorf("tracing is not put back: %v", m.asked)
			}
			if (result.RunFile != "") != c.file {
				t.Fatalf("run file %q", result.RunFile)
			}
			if c.file && runFile(t, setup.RunFile).End == nil {
				t.Error("the run file has no end")
			}
		})
	}
}

// An interruption at any step removes what was created by then.
func TestRunIsInterrupted(t *testing.T) {
	for step, removed := range map[string]bool{"survey": false, "watch": false, "traces": true, "create": true, "ready": true, "zero": true, "prove": true} {
		t.Run(step, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			m, setup := newMadeUp(t), setupOf(t)
			setup.Traces = Traces{On: true, Address: "192.0.2.1:0"}
			m.during = func(what string) {
				if what == step {
					cancel()
				}
			}
			for _, what := range []string{"survey", "watch", "traces", "create", "ready"} {
				if what == step {
					m.fails[what] = context.Canceled
				}
			}
			_, err := Run(ctx, m, &Single{Setup: setup, Iterations: 50, ServicesPerClass: 1}, nil)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
			if m.was("remove") != removed {
				t.Errorf("asked for %v", m.asked)
			}
			if m.was("traces") != (m.was("stop traces") && m.was("restore traces")) {
				t.Errorf("tracing is not put back: %v", m.asked)
			}
			if step == "survey" {
				return
			}
			if run := runFile(t, setup.RunFile); run.End == nil || run.End.Reason != record.EndInterrupted {
				t.Errorf("end %+v", run.End)
			}
		})
	}
}

// Neither the restoring of Knative's setting nor the removal of services waits for the
// other: here each ends only once the other has begun.
func TestRestoringAndRemovingAreIndependent(t *testing.T) {
	m, setup := newMadeUp(t), setupOf(t)
	setup.Traces = Traces{On: true, Address: "192.0.2.1:0"}
	m.fails["traces"] = errors.New("broken") // nothing was traced: there are no last spans to wait for
	restoring, removing := make(chan struct{}), make(chan struct{})
	m.during = func(what string) {
		switch {
		case what == "restore traces":
			close(restoring)
			<-removing
		case what == "remove" && m.was("traces"): // the one at the end
			close(removing)
			<-restoring
		}
	}
	if _, err := Run(t.Context(), m, &Single{Setup: setup, Iterations: 1, ServicesPerClass: 1}, nil); !errors.Is(err, m.fails["traces"]) {
		t.Error(err)
	}
	if !m.was("restore traces") {
		t.Errorf("asked for %v", m.asked)
	}
}

// A run that waits for its turn to be traced says for whom, and what somebody else has
// set meanwhile is told at the end.
func TestTracesAreShared(t *testing.T) {
	m, setup := newMadeUp(t), setupOf(t)
	setup.Traces = Traces{On: true, Address: "192.0.2.1:0"}
	m.fails["traces"] = errors.New("broken")
	var mu sync.Mutex
	var told []string
	_, _ = Run(t.Context(), m, &Single{Setup: setup, Iterations: 1, ServicesPerClass: 1}, ObserverFunc(func(n Notice) {
		mu.Lock()
		defer mu.Unlock()
		switch n := n.(type) {
		case Step:
			told = append(told, n.Text)
		case Warning:
			told = append(told, n.Text)
		}
	}))
	for _, want := range []string{
		"waiting for run another, which Knative reports its traces to",
		"left as somebody else has set it meanwhile, in Knative's config-observability: tracing-protocol",
	} {
		if !slices.Contains(told, want) {
			t.Errorf("%q is missing in %q", want, told)
		}
	}
}

// Each failure of the end is told, behind what ended the run.
func TestFailuresAreJoined(t *testing.T) {
	for _, failing := range [][]string{
		{"ready", "remove"},
		{"traces", "stop traces", "restore traces"},
	} {
		t.Run(failing[0], func(t *testing.T) {
			m, setup := newMadeUp(t), setupOf(t)
			for _, what := range failing {
				m.fails[what] = errors.New("broken: " + what)
			}
			setup.Traces = Traces{On: true, Address: "192.0.2.1:0"}
			_, err := Run(t.Context(), m, &Single{Setup: setup, Iterations: 1, ServicesPerClass: 1}, nil)
			for _, what := range failing {
				if !errors.Is(err, m.fails[what]) {
					t.Errorf("error %v is without that of %s", err, what)
				}
			}
			if !strings.HasPrefix(err.Error(), "broken: "+failing[0]) {
				t.Errorf("error %v does not begin with what ended the run", err)
			}
		})
	}
}

// A run whose file cannot be written any more ends before it measures anything else,
// and removes what it created.
func TestAFileThatCannotBeWrittenEndsTheRun(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = writer
	t.Cleanup(func() { os.Stdout = stdout; writer.Close() })
	m, setup := newMadeUp(t), setupOf(t)
	setup.RunFile = "-"
	m.during = func(what string) {
		if what == "ready" {
			reader.Close()
		}
	}
	warnings := 0
	observer := ObserverFunc(func(n Notice) {
		if _, ok := n.(Warning); ok {
			warnings++
		}
	})
	_, err = Run(t.Context(), m, &Single{Setup: setup, Iterations: 1, ServicesPerClass: 1}, observer)
	if !errors.Is(err, syscall.EPIPE) || warnings == 0 {
		t.Errorf("error %v, %d warnings", err, warnings)
	}
	if !m.was("remove") || m.was("prove") {
		t.Errorf("asked for %v", m.asked)
	}
}

// The services of each side are made of what the side is made of.
func TestTheSidesAreDeployedAsTheyAre(t *testing.T) {
	m, setup := newMadeUp(t), setupOf(t)
	e := &AB{Setup: setup, MaxBlocks: 1, Budget: time.Minute, ServicesPerSide: 2,
		A: record.Side{RuntimeClass: "runc", Image: "x", Env: map[string]string{"SIDE": "a"}, Limits: map[string]string{"cpu": "1"}},
		B: record.Side{RuntimeClass: "runc", Image: "y", Env: map[string]string{"SIDE": "b"}, Requests: map[string]string{"cpu": "2"}}}
	if _, err := Run(t.Context(), m, e, nil); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, s := range m.services {
		count[s.Variant]++
		want := map[string]record.Side{record.VariantA: e.A, record.VariantB: e.B}[s.Variant]
		got := record.Side{RuntimeClass: s.RuntimeClass, Image: s.Image, Env: s.Env, Requests: s.Requests, Limits: s.Limits}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("service %s of side %q: %s", s.Name, s.Variant, diff)
		}
	}
	if count[record.VariantA] != 2 || count[record.VariantB] != 2 {
		t.Errorf("services by side: %v", count)
	}
}

// A budget that is used up ends the run after the block under way.
func TestTheBudgetEndsARun(t *testing.T) {
	m, setup := newMadeUp(t), setupOf(t)
	side := record.Side{RuntimeClass: "runc", Image: "x"}
	if _, err := Run(t.Context(), m, &AB{Setup: setup, A: side, B: side, MaxBlocks: 50, Budget: 1, ServicesPerSide: 1}, nil); err != nil {
		t.Fatal(err)
	}
	measured := slices.DeleteFunc(runFile(t, setup.RunFile).Samples, func(s record.Sample) bool { return s.Discarded })
	if len(measured) != 2 {
		t.Errorf("%d samples, want those of one block", len(measured))
	}
}

func TestTheIngressMayBecomeKnownLater(t *testing.T) {
	m, setup := newMadeUp(t), setupOf(t)
	m.hidden = true
	if _, err := Run(t.Context(), m, &Single{Setup: setup, Iterations: 1, ServicesPerClass: 2}, nil); err != nil {
		t.Fatal(err)
	}
	run := runFile(t, setup.RunFile)
	found := slices.DeleteFunc(slices.Clone(run.Events), func(e record.Event) bool { return e.Kind != record.EventIngressFound })
	if len(found) != 1 || found[0].Message != m.ingress || run.Header.Cluster.Ingress != m.ingress {
		t.Errorf("events %+v, ingress %q", found, run.Header.Cluster.Ingress)
	}
}

func TestValidate(t *testing.T) {
	setup := func(change func(*Setup)) Setup { s := setupOf(t); change(&s); return s }
	none := func(*Setup) {}
	scale := Scale{Setup: setup(none), Services: []int{1}, Iterations: 1, MaxServices: 5, Arrival: arrivalOf(t, "burst")}
	ab := AB{Setup: setup(none), A: record.Side{RuntimeClass: "a", Image: "x"}, B: record.Side{RuntimeClass: "b", Image: "x"}, MaxBlocks: 1, Budget: 1}
	for want, e := range map[string]Experiment{
		"no RuntimeClass is named":                             &Single{Iterations: 1, Setup: setup(func(s *Setup) { s.Classes = nil })},
		"named twice":                                          &Single{Iterations: 1, Setup: setup(func(s *Setup) { s.Classes = append(s.Classes, s.Classes...) })},
		"has no image":                                         &Single{Iterations: 1, Setup: setup(func(s *Setup) { s.Classes = []record.Class{{Name: "runc"}} })},
		`runtime-class "a,b" is no name`:                       &Single{Iterations: 1, Setup: setup(func(s *Setup) { s.Classes = []record.Class{{Name: "a,b", Image: "x"}} })},
		"iterations is 0: it must be at least 1":               &Single{Setup: setup(none)},
		"offset-requests is -1: it must not be negative":       &Single{Setup: setup(none), Iterations: 1, OffsetRequests: -1},
		"stable-window is 6.5s: Knative takes whole":           &Single{Iterations: 1, Setup: setup(func(s *Setup) { s.Service.StableWindow = 6500 * time.Millisecond })},
		"stable-window is 2h0m0s: Knative takes 6s":            &Single{Iterations: 1, Setup: setup(func(s *Setup) { s.Service.StableWindow = 2 * time.Hour })},
		"client-timeout is 0s: it must":                        &Single{Iterations: 1, Setup: setup(func(s *Setup) { s.Service.ClientTimeout = 0 })},
		"limit memory=abc: want":                               &Single{Iterations: 1, Setup: setup(func(s *Setup) { s.Service.Limits = map[string]string{"memory": "abc"} })},
		"services is [0]":                                      &Scale{Setup: scale.Setup, Services: []int{0}, Iterations: 1, MaxServices: 5, Arrival: scale.Arrival},
		"max-services is 5, and 6":                             &Scale{Setup: scale.Setup, Services: []int{6}, Iterations: 1, MaxServices: 5, Arrival: scale.Arrival},
		"settle is -1ns":                                       &Scale{Setup: scale.Setup, Services: []int{1}, Iterations: 1, MaxServices: 5, Arrival: scale.Arrival, Settle: -1},
		"want burst, uniform":                                  &Scale{Setup: scale.Setup, Services: []int{1}, Iterations: 1, MaxServices: 5},
		"needs a function that says whether a round failed":    &Limit{Scale: scale},
		"until-failure and --iterations 2 exclude each other:": &Limit{Scale: Scale{Setup: scale.Setup, Services: []int{1}, Iterations: 2, MaxServices: 5, Arrival: scale.Arrival}},
		"budget is 0s: it must be positive":                    &AB{Setup: ab.Setup, A: ab.A, B: ab.B, MaxBlocks: 1},
		"b limit cpu=x: want":                                  &AB{Setup: ab.Setup, A: ab.A, B: record.Side{RuntimeClass: "b", Image: "x", Limits: map[string]string{"cpu": "x"}}, MaxBlocks: 1, Budget: 1},
	} {
		m := newMadeUp(t)
		if _, err := Run(t.Context(), m, e, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if len(m.asked) > 0 {
			t.Errorf("%s: asked the cluster for %v first", want, m.asked)
		}
	}
}
