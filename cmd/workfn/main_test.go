package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/workfn/figure"
)

func ask(i *instance, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	i.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func instanceOf(p program) *instance {
	i := newInstance("pod-1")
	i.programs = map[string]program{"some": p}
	return i
}

// The answer is what the tool reads: see record.Figure and record.Function.
func TestAnswer(t *testing.T) {
	i := instanceOf(func(_ context.Context, s size) ([]figure.Figure, error) {
		return []figure.Figure{{Name: "GET", Value: float64(s.requests) + float64(s.seconds)/10, Unit: figure.RequestsPerSecond}}, nil
	})
	for n := int64(1); n <= 2; n++ {
		answer := ask(i, "/some?requests=70&seconds=2").Body.Bytes()
		var f record.Function
		var w record.Work
		if err := errors.Join(json.Unmarshal(answer, &f), json.Unmarshal(answer, &w)); err != nil {
			t.Fatal(err)
		}
		w.Outcome = record.OK // as the tool says of such an answer
		if f.Pod != "pod-1" || f.Nonce == "" || f.Requests != n || w.Program != "some" || w.Check() != nil {
			t.Errorf("%s", answer)
		}
		if diff := cmp.Diff([]record.Figure{{Name: "GET", Value: 70.2, Unit: "requests/s"}}, w.Figures); diff != "" {
			t.Errorf("figures:\n%s", diff)
		}
	}
	if w := ask(i, "/"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "pod-1") {
		t.Errorf("GET / is answered with %d: %s", w.Code, w.Body)
	}
}

func TestRefusals(t *testing.T) {
	i := instanceOf(func(context.Context, size) ([]figure.Figure, error) { return nil, errors.New("it printed garbage") })
	for path, want := range map[string]string{
		"/other":             "404 there is no program \"other\"",
		"/some?requests=0":   "400 requests is \"0\": want a number from 1 to 10000000",
		"/some?seconds=soon": "400 seconds is \"soon\": want a number from 1 to 10000000",
		"/some":              "500 it printed garbage",
	} {
		w := ask(i, path)
		if got := strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// The process must not end before what it started: nobody else would end that.
func TestTheEndAwaitsTheProgram(t *testing.T) {
	begun, ended := make(chan struct{}), false
	i := instanceOf(func(ctx context.Context, _ size) ([]figure.Figure, error) {
		close(begun)
		<-ctx.Done()
		time.Sleep(200 * time.Millisecond) // as a program that takes its time
		ended = true
		return nil, ctx.Err()
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, l, i) }()
	go func() {
		if answer, err := http.Get("http://" + l.Addr().String() + "/some"); err == nil {
			answer.Body.Close()
		}
	}()
	<-begun
	cancel()
	if err := <-served; err != nil || !ended {
		t.Errorf("served until %v, with the program's end %v", err, ended)
	}
}

// stub puts a program in front of all others.
func stub(t *testing.T, name, script string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
}

func outputOf(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("figure", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProgramsAreGivenTheirSize(t *testing.T) {
	stub(t, "7zz", `[ "$*" = "b -md18 -mtime=3" ] && cat `+outputOf(t, "7zip-bookworm.txt"))
	if figures, err := runSevenZip(t.Context(), size{seconds: 3}); err != nil || len(figures) != 3 {
		t.Errorf("7zip: %v, error %v", figures, err)
	}
	stub(t, "sysbench", `case "$*" in
*prepare) touch prepared ;;
"cpu --cpu-max-prime=20000 --time=3 run") cat `+outputOf(t, "sysbench-cpu-trixie.txt")+` ;;
"memory --time=3 run") cat `+outputOf(t, "sysbench-memory-trixie.txt")+` ;;
*seqrd*run) ls prepared >/dev/null && cat `+outputOf(t, "sysbench-fileio-seqrd-trixie.txt")+` ;;
*seqwr*run) cat `+outputOf(t, "sysbench-fileio-seqwr-trixie.txt")+` ;;
*seqrewr*run) cat `+outputOf(t, "sysbench-fileio-seqrewr-trixie.txt")+` ;;
*) exit 1 ;;
esac`)
	for name, want := range map[string]int{"sysbench-cpu": 4, "sysbench-memory": 1, "sysbench-fileio": 3} {
		if figures, err := programs[name](t.Context(), size{seconds: 3}); err != nil || len(figures) != want {
			t.Errorf("%s: %v, error %v", name, figures, err)
		}
	}
}

// A server that does not listen is gone before what it said is read.
func TestServerThatDoesNotListen(t *testing.T) {
	before := redisStart
	redisStart = 500 * time.Millisecond
	t.Cleanup(func() { redisStart = before })
	id := filepath.Join(t.TempDir(), "id")
	stub(t, "redis-server", "echo $$ > "+id+"\nwhile :; do echo it waits; done")
	_, err := runRedis(t.Context(), size{requests: 1})
	if err == nil || !strings.Contains(err.Error(), "it does not listen after 500ms") || !strings.Contains(err.Error(), "it waits") {
		t.Errorf("got %.200v", err)
	}
	text, err := os.ReadFile(id)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the server is left: %v", err)
	}
}

// A program that fails, and a server that does not start, say why.
func TestFailuresHaveTheText(t *testing.T) {
	stub(t, "7zz", "echo it does not work; exit 3")
	if _, err := runSevenZip(t.Context(), size{seconds: 1}); err == nil || !strings.Contains(err.Error(), "exit status 3: it does not work") {
		t.Errorf("got %v", err)
	}
	stub(t, "redis-server", "echo no memory left; exit 1")
	if _, err := runRedis(t.Context(), size{requests: 1}); err == nil || !strings.Contains(err.Error(), "start redis-server: it ended: exit status 1: no memory left") {
		t.Errorf("got %v", err)
	}
}
