package ksvc

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
)

// lines gathers what is told.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func toldIn(t *testing.T) *lines {
	t.Helper()
	l := &lines{}
	Tell(l.add)
	t.Cleanup(func() { Tell(nil) })
	return l
}

func TestRequestsAreTold(t *testing.T) {
	told := toldIn(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"gitVersion": "v1.35.0"}`))
	}))
	c, err := NewClient(&rest.Config{Host: server.URL}, "bench")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Reach(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if _, err := c.Version(t.Context()); err == nil {
		t.Fatal("a server that is gone answered")
	}
	want := []string{`^GET /version\S*: 200 OK, \d+\.\d ms$`, `^GET /version\S*: .*connection refused, \d+\.\d ms$`}
	if len(told.all) != len(want) {
		t.Fatalf("told %q", told.all)
	}
	for i, pattern := range want {
		if !regexp.MustCompile(pattern).MatchString(told.all[i]) {
			t.Errorf("line %d is %q, want %s", i, told.all[i], pattern)
		}
	}
}

func TestRetriesAreTold(t *testing.T) {
	told := toldIn(t)
	tries := 0
	err := retry(t.Context(), wait.Backoff{Duration: time.Millisecond, Steps: 3}, func(error, int) bool { return tries < 2 }, func() error {
		tries++
		return errors.New("busy")
	})
	if err == nil || tries != 2 {
		t.Errorf("%d tries, error %v", tries, err)
	}
	if len(told.all) != 1 || !strings.HasPrefix(told.all[0], "asking again in 1ms: busy") {
		t.Errorf("told %q", told.all)
	}
}
