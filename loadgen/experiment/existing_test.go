package experiment

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// existing is a service that the made-up cluster has.
func existing(name string) record.ExistingService {
	return record.ExistingService{
		Name: name, RuntimeClass: templates.DefaultClass, Revision: name + "-00001", Image: "registry/" + name,
		StableWindow: time.Minute, ScaleDownDelay: 10 * time.Second, GracePeriod: 30 * time.Second, PodRetention: 40 * time.Second, Timeout: 20 * time.Second,
	}
}

// ofExisting measures two services of a made-up cluster, and returns what the run told.
func ofExisting(t *testing.T, m *madeUp) (*Existing, []string) {
	t.Helper()
	m.existing = []record.ExistingService{existing("shop"), existing("cart")}
	for _, s := range m.existing {
		m.services[s.Name] = templates.Service{Name: s.Name, RuntimeClass: s.RuntimeClass, Variant: s.Name}
	}
	setup := setupOf(t)
	setup.Classes = nil
	e := &Existing{Setup: setup, Services: []string{"shop", "cart"}, Iterations: 2}
	var told []string
	_, err := Run(t.Context(), m, e, ObserverFunc(func(n Notice) {
		if s, ok := n.(Step); ok {
			told = append(told, s.Text)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	return e, told
}

// Existing services are only watched and requested.
func TestExistingServicesAreNeitherCreatedNorRemoved(t *testing.T) {
	m := newMadeUp(t)
	ofExisting(t, m)
	for _, what := range []string{"create", "changes", "remove", "traces", "restore traces"} {
		if m.was(what) {
			t.Errorf("the cluster was asked for %q, among %v", what, m.asked)
		}
	}
	for _, what := range []string{"survey", "watch", "ready", "zero", "prove", "stop watch"} {
		if !m.was(what) {
			t.Errorf("the cluster was not asked for %q, only for %v", what, m.asked)
		}
	}
	if diff := cmp.Diff([]string{"shop", "cart"}, m.needs.Services); diff != "" {
		t.Errorf("the survey was about %s", diff)
	}
	// The limit is the time that it takes, a function that does not exit by itself, and
	// what Knative needs at worst.
	if want := (60+10+40+2+20+20)*time.Second + spareZero; m.patience.Zero != want {
		t.Errorf("waits %v for zero, want %v", m.patience.Zero, want)
	}
}

func TestTheRunFileOfExistingServices(t *testing.T) {
	m := newMadeUp(t)
	e, _ := ofExisting(t, m)
	run := runFile(t, e.RunFile)
	if diff := cmp.Diff(m.existing, run.Header.Settings.ExistingServices); diff != "" {
		t.Error(diff)
	}
	if s := run.Header.Settings; s.StableWindow != 0 || s.ServicesPerClass != 0 {
		t.Errorf("settings of services of the run's own: %+v", s)
	}
	want := []record.Class{
		{Name: "default", Variant: "shop", Image: "registry/shop", ImageDigest: "sha256:1"},
		{Name: "default", Variant: "cart", Image: "registry/cart", ImageDigest: "sha256:1"},
	}
	if diff := cmp.Diff(want, run.Header.Classes); diff != "" {
		t.Error(diff)
	}
	count := map[record.Key]int{}
	for _, s := range run.Samples {
		if s.Variant != s.Service {
			t.Errorf("a sample of %s is counted under %s", s.Service, s.Key())
		}
		if !s.Discarded {
			count[s.Key().Class()]++
		}
	}
	if diff := cmp.Diff(map[record.Key]int{existing("shop").Key(): 2, existing("cart").Key(): 2}, count); diff != "" {
		t.Error(diff)
	}
}

// How long the services take to return to zero is told before the first request.
func TestTheWayToZeroIsToldBeforehand(t *testing.T) {
	m := newMadeUp(t)
	_, told := ofExisting(t, m)
	all := strings.Join(told, "\n")
	for _, want := range []string{
		"service shop, revision shop-00001, is measured as it is and not changed",
		"some 2m12s after a request: stable window 1m0s, scale-down delay 10s, grace period 30s or pod retention 40s",
		"so 3 starts of each, with the first one that warms caches, take some 6m36s",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("told\n%s\nwant %q", all, want)
		}
	}
}

func TestOptionsThatExistingServicesExclude(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Existing)
		want   string
	}{
		"nothing":        {func(*Existing) {}, ""},
		"no service":     {func(e *Existing) { e.Services = nil }, "service names no Knative Service"},
		"no name":        {func(e *Existing) { e.Services = []string{""} }, "service is empty"},
		"twice":          {func(e *Existing) { e.Services = []string{"shop", "shop"} }, "service names shop twice"},
		"a class":        {func(e *Existing) { e.Classes = []record.Class{{Name: "runc", Image: "x"}} }, "have a RuntimeClass and an image already"},
		"a manifest":     {func(e *Existing) { e.Service.Manifest = &templates.Manifest{} }, "have a RuntimeClass and an image already"},
		"traces":         {func(e *Existing) { e.Traces = Traces{On: true, Address: "192.0.2.1:0"} }, "--traces exclude each other"},
		"no timeout":     {func(e *Existing) { e.Service.ClientTimeout = 0 }, "client-timeout is 0s"},
		"an odd request": {func(e *Existing) { e.Request.Protocol = "http9" }, `protocol is "http9"`},
	} {
		t.Run(name, func(t *testing.T) {
			setup := setupOf(t)
			setup.Classes = nil
			e := &Existing{Setup: setup, Services: []string{"shop"}, Iterations: 1}
			c.change(e)
			err := e.Validate()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// A service that the checks refuse ends the run before anything is watched or requested.
func TestAnExistingServiceThatIsRefused(t *testing.T) {
	m := newMadeUp(t)
	m.fails["survey"] = ErrNothingMeasured
	setup := setupOf(t)
	setup.Classes = nil
	if _, err := Run(t.Context(), m, &Existing{Setup: setup, Services: []string{"shop"}, Iterations: 1}, nil); err == nil {
		t.Error("it was measured")
	}
	if !slices.Equal(m.asked, []string{"survey"}) {
		t.Errorf("asked for %v", m.asked)
	}
}
