package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// startPage starts the process of a page, and says where the page is.
func startPage(t *testing.T, address string) (*livePage, string) {
	t.Helper()
	program, err := exec.LookPath("kn-coldstart")
	if err != nil {
		t.Fatal(err)
	}
	var p *livePage
	text := stderrOf(t, func() { p, err = startLive(program, address) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // it has ended if all is well
	return p, strings.TrimSpace(strings.TrimPrefix(text, "live page: "))
}

func body(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %v", response.StatusCode, err)
	}
	return string(text)
}

// The page is served by a process of its own, all of whose threads go after everything
// else, and which ends with the run.
func TestLivePage(t *testing.T) {
	p, url := startPage(t, "127.0.0.1:0")
	if text := body(t, url); !strings.Contains(text, "Nothing measured yet") {
		t.Errorf("before the run: %.300s", text)
	}
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := record.Create(path, record.Header{RunID: "the-run", Command: "single", Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	p.See(experiment.RunFileCreated{Path: path})
	for began := time.Now(); !strings.Contains(body(t, url), "the-run"); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("the page does not show the run")
		}
	}
	wantLowPriority(t, p.cmd.Process.Pid)
	if err := w.End(time.Second, record.EndCompleted, nil); err != nil {
		t.Fatal(err)
	}
	if text := stderrOf(t, p.end); text != "" {
		t.Errorf("at the end: %q", text)
	}
	if !p.cmd.ProcessState.Success() {
		t.Errorf("it ended with %v", p.cmd.ProcessState)
	}
}

// wantLowPriority looks at each thread of a process.
func wantLowPriority(t *testing.T, pid int) {
	t.Helper()
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no threads: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // a thread that has ended
		}
		_, fields, _ := strings.Cut(string(text), ") ")
		if nice := strings.Fields(fields)[16]; nice != "19" {
			t.Errorf("%s: nice %s, want 19", path, nice)
		}
	}
}

// An address that is taken is known before anything is measured.
func TestLivePageAtATakenAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	program, err := exec.LookPath("kn-coldstart")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if _, err := startLive(program, address); err == nil || err.Error() != fmt.Sprintf("serve --live %s: listen tcp %s: bind: address already in use", address, address) {
		t.Errorf("%v", err)
	}
}

func TestNoLivePage(t *testing.T) {
	var f liveFlags
	p, err := f.start()
	if p != nil || err != nil {
		t.Fatalf("%v, %v", p, err)
	}
	p.See(experiment.RunFileCreated{Path: "x"})
	p.end()
}

func TestLiveFlag(t *testing.T) {
	for address, want := range map[string]string{"": "", ":80": "127.0.0.1:80", "0.0.0.0:80": "0.0.0.0:80"} {
		f := liveFlags{address}
		text := stderrOf(t, func() {
			if err := f.complete("run.jsonl"); err != nil || f.address != want {
				t.Errorf("%q: %q, %v", address, f.address, err)
			}
		})
		if warned := strings.HasPrefix(text, "warning: --live 0.0.0.0:80: "); warned != (address == "0.0.0.0:80") {
			t.Errorf("%q: said %q", address, text)
		}
	}
	for _, f := range []struct{ address, runFile string }{{"80", "run.jsonl"}, {":80", "-"}} {
		if err := (&liveFlags{f.address}).complete(f.runFile); err == nil || !strings.HasPrefix(err.Error(), "--live ") {
			t.Errorf("%v: %v", f, err)
		}
	}
}
