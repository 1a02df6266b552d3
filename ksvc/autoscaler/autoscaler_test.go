package autoscaler

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

const metrics = `# HELP kn_revision_panic_mode If greater than 0 the autoscaler is in panic mode
# TYPE kn_revision_panic_mode gauge
kn_revision_panic_mode{k8s_namespace_name="other",kn_revision_name="h-1-00001",otel_scope_name="x"} 1
kn_revision_panic_mode{k8s_namespace_name="bench",kn_revision_name="h-1-00002",otel_scope_name="x"} 1
kn_revision_panic_mode{k8s_namespace_name="bench",kn_revision_name="h-1-00001",otel_scope_name="x"} %s
kn_revision_pods_desired{k8s_namespace_name="bench",kn_revision_name="h-1-00001"} 7
`

func TestPanicMode(t *testing.T) {
	for text, want := range map[string]string{
		fmt.Sprintf(metrics, "0"):    "false <nil>",
		fmt.Sprintf(metrics, "1"):    "true <nil>",
		fmt.Sprintf(metrics, "much"): "has no number",
		`autoscaler_panic_mode{configuration_name="h-1",namespace_name="bench",revision_name="h-1-00001"} 1`: "true <nil>",
		"": "no metric panic_mode of revision bench/h-1-00001",
		"panic_mode{} 1\nkn_revision_panic_mode 1\nkn_revision_panic_mode{": "no metric panic_mode",
	} {
		panicking, err := panicMode([]byte(text), ksvctest.Target)
		if got := fmt.Sprint(panicking, " ", err); !strings.Contains(got, want) {
			t.Errorf("of %q: %s, want %s", text, got, want)
		}
	}
}

// answers are what the API server says to one request after the other, the last one for
// ever.
type answers struct {
	list []func(http.ResponseWriter)
	next atomic.Int32
}

func mode(value string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { fmt.Fprintf(w, metrics, value) }
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

// followed are the events that are told until all answers were given and one more.
func followed(t *testing.T, list ...func(http.ResponseWriter)) []string {
	t.Helper()
	a := &answers{list: list}
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/namespaces/knative-serving/services/http:autoscaler:9090/proxy/metrics" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		n := int(a.next.Add(1)) - 1
		if n == len(list) {
			close(done)
		}
		list[min(n, len(list)-1)](w)
	}))
	t.Cleanup(server.Close)
	client, err := ksvc.NewClient(&rest.Config{Host: server.URL}, ksvctest.Space)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var told []string
	f := Follow(t.Context(), client, record.NewClock(), ksvctest.Target, func(e record.Event) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprint(e.Kind, " ", e.Service, " ", e.Value, " ", e.Message))
	})
	select {
	case <-done:
	case <-f.done:
	}
	f.Stop()
	return told
}

func TestFollow(t *testing.T) {
	t.Parallel()
	got := followed(t, mode("0"), mode("1"), mode("1"), mode("0"))
	if diff := cmp.Diff([]string{"panicMode h-1 0 ", "panicMode h-1 1 ", "panicMode h-1 0 "}, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// What cannot be read is told once, and what can be read afterwards is told all the same.
func TestFollowWithoutMetrics(t *testing.T) {
	t.Parallel()
	got := followed(t, status(http.StatusNotFound), status(http.StatusNotFound), mode("1"))
	if len(got) != 2 || !strings.Contains(got[0], "panicUnread h-1 0 the autoscaler gives no metrics; it does where metrics-protocol") || got[1] != "panicMode h-1 1 " {
		t.Errorf("events %q", got)
	}
}

func TestFollowWithoutPermission(t *testing.T) {
	t.Parallel()
	got := followed(t, status(http.StatusForbidden))
	if len(got) != 1 || !strings.Contains(got[0], "not allowed to get services/proxy of http:autoscaler:9090") {
		t.Errorf("events %q", got)
	}
}

// An API server that says nothing holds nobody up.
func TestStopOfASilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := Follow(context.Background(), ksvctest.Silent(t), record.NewClock(), ksvctest.Target, func(e record.Event) {
			t.Errorf("told %+v", e)
		})
		synctest.Wait()
		f.Stop()
	})
}
