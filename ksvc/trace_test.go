package ksvc_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(r *http.Request, status int, body string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// The client makes so many requests a second and no more. The time that a request waits
// for that is not the cluster's.
func TestARequestIsSentWhenItGoesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		arrived, sent, created := map[string]time.Duration{}, map[string]time.Duration{}, map[string]time.Duration{}
		note := func(in map[string]time.Duration, name string) {
			mu.Lock()
			defer mu.Unlock()
			in[name] = time.Since(began)
		}
		client, err := ksvc.NewClient(&rest.Config{Host: "https://fake", Transport: transport(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodPost {
				return answer(r, http.StatusOK, `{"gitVersion":"v1.36.0"}`), nil
			}
			text, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			_, name, _ := strings.Cut(string(text), `"name":"`)
			name, _, _ = strings.Cut(name, `"`)
			note(arrived, name)
			time.Sleep(10 * time.Millisecond)
			return answer(r, http.StatusCreated, string(text)), nil
		})}, ksvctest.Space)
		if err != nil {
			t.Fatal(err)
		}
		var specs []templates.Service
		for i := range 800 {
			specs = append(specs, testSpec(fmt.Sprintf("h-%d", i)))
		}
		trace := &ksvc.Trace{
			CreateSent: func(name string) { note(sent, name) },
			Created:    func(name string) { note(created, name) },
		}
		if err := client.CreateAll(ksvc.WithTrace(t.Context(), trace), ksvctest.Run, specs, nil); err != nil {
			t.Fatal(err)
		}
		var last time.Duration
		for _, s := range specs {
			if sent[s.Name] != arrived[s.Name] || created[s.Name] != sent[s.Name]+10*time.Millisecond {
				t.Fatalf("%s was sent at %v, arrived at %v and was created at %v", s.Name, sent[s.Name], arrived[s.Name], created[s.Name])
			}
			last = max(last, sent[s.Name])
		}
		// 16 are under way at once, each for 10 ms, which alone takes 500 ms.
		if len(sent) != 800 || last < 600*time.Millisecond {
			t.Errorf("%d were sent, the last one after %v: nothing had to wait", len(sent), last)
		}
	})
}

// Delete tells when a service is gone, and when all of it is.
func TestDeleteTellsWhatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := owned("run-1", "a")
		p.Labels["serving.knative.dev/service"] = "a"
		f := ksvctest.NewFakes(s, p)
		collect(f)
		began := time.Now()
		var told []string
		trace := &ksvc.Trace{
			DeleteSent: func(string) {},
			Deleted: func(name string, _ time.Duration) {
				told = append(told, fmt.Sprint(name, " deleted at ", time.Since(began)))
			},
			Gone: func(name string, _ time.Duration) {
				told = append(told, fmt.Sprint(name, " gone at ", time.Since(began)))
			},
		}
		if _, err := f.Delete(ksvc.WithTrace(t.Context(), trace), ksvc.DeleteOptions{Runs: []string{"run-1"}}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(told, ", "); got != "a deleted at 0s, a gone at 1s" {
			t.Errorf("told %s", got)
		}
	})
}
