package usage

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/watch"
)

// api is an API server that knows two nodes elsewhere and their kubelets' answers.
type api struct {
	nodes     []string
	summaries map[string]string // by node; one without is forbidden
	asked     []string
	mu        sync.Mutex
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/api/v1/nodes" {
		var items []string
		for _, n := range a.nodes {
			items = append(items, fmt.Sprintf(`{"metadata":{"name":%q},"status":{"capacity":{"cpu":"4"},"nodeInfo":{"bootID":"elsewhere"}}}`, n))
		}
		fmt.Fprintf(w, `{"kind":"NodeList","apiVersion":"v1","items":[%s]}`, strings.Join(items, ","))
		return
	}
	a.asked = append(a.asked, r.URL.String())
	node, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v1/nodes/"), "/")
	text, ok := a.summaries[node]
	if !ok {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"nodes \"a\" is forbidden"}`)
		return
	}
	fmt.Fprint(w, text)
}

func (a *api) client(t *testing.T) *ksvc.Client {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"x","contexts":[{"name":"x","context":{"cluster":"x","user":"x"}}],
"clusters":[{"name":"x","cluster":{"server":%q}}],"users":[{"name":"x","user":{}}]}`, server.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := ksvc.Connect(ksvc.Kubeconfig{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func summaryText(nodeAt, podAt string, pods ...string) string {
	one := func(uid string) string {
		return fmt.Sprintf(`{"podRef":{"name":"p","uid":%q},"cpu":{"time":%q,"usageCoreNanoSeconds":7},"memory":{"time":%q,"workingSetBytes":400}}`, uid, podAt, podAt)
	}
	list := []string{`{"podRef":{"uid":"starting"},"memory":{"time":"` + podAt + `"}}`, one("somebody-elses")}
	for _, uid := range pods {
		list = append(list, one(uid))
	}
	return fmt.Sprintf(`{"node":{"nodeName":"a","cpu":{"usageCoreNanoSeconds":9},"memory":{"time":%q,"availableBytes":1,"workingSetBytes":5000}},"pods":[%s]}`,
		nodeAt, strings.Join(list, ","))
}

func TestKubeletsAreAskedWhereInstancesRun(t *testing.T) {
	clock := record.NewClock()
	when := func(after time.Duration) string { return clock.Start().Add(after).UTC().Format(time.RFC3339Nano) }
	a := &api{nodes: []string{"a", "b", "idle"}, summaries: map[string]string{
		"a": summaryText(when(time.Second), when(2*time.Second), "u1", "u2"), "b": summaryText(when(time.Second), when(4*time.Second), "u3"),
	}}
	var kept []record.Resource
	o := Options{Client: a.client(t), Clock: clock, Emit: func(r record.Resource) { kept = append(kept, r) }, Instances: func() []watch.Instance {
		return []watch.Instance{{UID: "u1", RuntimeClass: "runc", Node: "a"}, {UID: "u2", RuntimeClass: "gvisor", Node: "a", Ready: true},
			{UID: "u3", RuntimeClass: "runc", Node: "b"}, {UID: "starting", RuntimeClass: "runc", Node: "a"}, {UID: "pending", RuntimeClass: "runc"}}
	}}
	from, err := choose(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing new
		if err := from.read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	stamp := func(r record.Resource) record.Resource {
		r.Clock, r.Resolution = record.ClockKubelet, time.Second
		return r
	}
	want := []record.Resource{
		stamp(record.Resource{At: time.Second, Scope: record.ScopeNode, Node: "a", MemoryBytes: 5000, CPU: 9, CPUs: 4}),
		stamp(record.Resource{At: 2 * time.Second, Scope: record.ScopeInstance, Node: "a", RuntimeClass: "gvisor", UID: "u2", MemoryBytes: 400, CPU: 7}),
		stamp(record.Resource{At: time.Second, Scope: record.ScopeNode, Node: "b", MemoryBytes: 5000, CPU: 9, CPUs: 4}),
		stamp(record.Resource{At: 2 * time.Second, Scope: record.ScopeClass, RuntimeClass: "gvisor", Instances: 1, MemoryBytes: 400, CPU: 7}),
		stamp(record.Resource{At: 4 * time.Second, Span: 2 * time.Second, Scope: record.ScopeClass, RuntimeClass: "runc", Instances: 2, MemoryBytes: 800, CPU: 14}),
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
	if got := strings.Join(a.asked, " "); strings.Contains(got, "idle") || !strings.Contains(got, "/nodes/b/proxy/stats/summary?only_cpu_and_memory=true") {
		t.Errorf("asked %s", got)
	}
}

// A node that joins in mid-run is read as soon as an instance runs there.
func TestKubeletsOfNodesThatJoin(t *testing.T) {
	clock := record.NewClock()
	when := clock.Start().Add(time.Second).UTC().Format(time.RFC3339Nano)
	for name, known := range map[string][]string{"one node": {"a"}, "two nodes": {"a", "b"}} {
		t.Run(name, func(t *testing.T) {
			a := &api{nodes: known, summaries: map[string]string{"a": summaryText(when, when, "u1"), "late": summaryText(when, when, "u2")}}
			instances := []watch.Instance{{UID: "u1", RuntimeClass: "runc", Node: "a"}}
			var read []string
			o := Options{Client: a.client(t), Clock: clock, Instances: func() []watch.Instance { return instances }, Emit: func(r record.Resource) {
				if r.Scope == record.ScopeNode {
					read = append(read, r.Node)
				}
			}}
			from, err := choose(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if err := from.read(t.Context()); err != nil {
				t.Fatal(err)
			}
			a.mu.Lock()
			a.nodes = append(slices.Clone(a.nodes), "late")
			a.mu.Unlock()
			instances = append(instances, watch.Instance{UID: "u2", RuntimeClass: "runc", Node: "late"})
			if err := from.read(t.Context()); err != nil {
				t.Fatal(err)
			}
			if want := []string{"a", "late"}; !slices.Equal(read, want) {
				t.Errorf("nodes read: %v, want %v", read, want)
			}
		})
	}
}

// Without the permission the run is told once, and goes on.
func TestWithoutPermissionItIsSaidOnce(t *testing.T) {
	for name, nodes := range map[string][]string{"forbidden": {"a"}, "one of two forbidden": {"a", "b"}} {
		t.Run(name, func(t *testing.T) {
			a := &api{nodes: nodes, summaries: map[string]string{"b": "{"}}
			told := make(chan record.Event, 10)
			s := Start(t.Context(), Options{Client: a.client(t), Clock: record.NewClock(), OnEvent: func(e record.Event) { told <- e },
				Instances: func() []watch.Instance { return []watch.Instance{{UID: "u", Node: "a"}, {UID: "v", Node: "b"}} }})
			e := <-told
			<-s.done
			if e.Kind != record.EventUsageUnread || !strings.Contains(e.Message, "not allowed to get nodes/proxy") || strings.Contains(e.Message, "\n") || len(told) > 0 {
				t.Errorf("told %+v and %d more", e, len(told))
			}
			s.Stop()
		})
	}
}

// flaky fails when it is told to.
type flaky struct {
	fails []bool
	done  func()
}

func (f *flaky) period() time.Duration { return time.Millisecond }

func (f *flaky) read(context.Context) error {
	fails := f.fails[0]
	if f.fails = f.fails[1:]; len(f.fails) == 0 {
		f.done()
	}
	if fails {
		return fmt.Errorf("read %d", len(f.fails))
	}
	return nil
}

func TestAFailureIsSaidOnceUntilItIsOver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var told []string
	s := &Sampler{options: Options{OnEvent: func(e record.Event) { told = append(told, e.Message) }}}
	s.sample(ctx, &flaky{fails: []bool{true, true, false, true, true, false, false}, done: cancel})
	want := []string{"no memory and CPU of instances: read 6", "no memory and CPU of instances: read 3"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestStopWaitsForNothing(t *testing.T) {
	a := &api{nodes: []string{"a"}, summaries: map[string]string{"a": "{}"}}
	s := Start(t.Context(), Options{Client: a.client(t), Clock: record.NewClock(), Instances: func() []watch.Instance { return nil },
		OnEvent: func(e record.Event) { t.Errorf("told %+v", e) }})
	s.Stop()
}
