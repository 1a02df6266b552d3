package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestMain lets the tests run coldfn itself as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("COLDFN_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func ask(t *testing.T, h http.Handler) (answer, *httptest.ResponseRecorder) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	var a answer
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatalf("the answer is not JSON: %v\n%s", err, w.Body)
		}
	}
	return a, w
}

func TestAnswerTakesItsTime(t *testing.T) {
	i := newInstance("pod-a", time.Now(), time.Now(), faultNone)
	i.delay = 50 * time.Millisecond
	before := time.Now()
	a, _ := ask(t, i)
	if took := time.Since(before); took < i.delay || a.Answered-before.UnixNano() < int64(i.delay) {
		t.Errorf("answered after %v", took)
	}
}

func TestAnswer(t *testing.T) {
	entered := time.Now()
	i := newInstance("pod-a", entered, entered.Add(time.Millisecond), faultNone)
	first, _ := ask(t, i)
	second, _ := ask(t, i)
	if first.Pod != "pod-a" || first.Requests != 1 || second.Requests != 2 {
		t.Errorf("got pod %q, requests %d then %d", first.Pod, first.Requests, second.Requests)
	}
	if first.Nonce == "" || first.Nonce != second.Nonce {
		t.Errorf("nonces %q and %q: want one for the process", first.Nonce, second.Nonce)
	}
	if other := newInstance("pod-a", entered, entered, faultNone); other.birth.Nonce == first.Nonce {
		t.Error("two instances drew the same nonce")
	}
	if first.MainEntered != entered.UnixNano() || first.Listening-first.MainEntered != int64(time.Millisecond) {
		t.Errorf("main entered %d, listening %d", first.MainEntered, first.Listening)
	}
	if first.Answered < first.MainEntered {
		t.Errorf("answered %d before main was entered %d", first.Answered, first.MainEntered)
	}
}

func TestProcessStarted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the start time comes from the Linux kernel")
	}
	now := time.Now()
	started, ok := processStarted(now)
	if !ok || started.After(now) || now.Sub(started) > oldest {
		t.Errorf("started %v, known %v, now %v", started, ok, now)
	}
}

func TestStartedAt(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	stat := func(name, start string) string {
		return fmt.Sprintf("1 (%s) S 0 1 1 0 -1 4194560 5 0 0 0 0 0 0 0 20 0 4 0 %s 1 2 3", name, start)
	}
	for _, test := range []struct {
		name, stat string
		want       time.Time
		fails      bool
	}{
		{name: "plain", stat: stat("coldfn", "900"), want: now.Add(-time.Second)},
		{name: "name with spaces and parentheses", stat: stat("a) b (c", "900"), want: now.Add(-time.Second)},
		{name: "cut off", stat: "1 (coldfn) S 0", fails: true},
		{name: "no number", stat: stat("coldfn", "x"), fails: true},
		{name: "empty", stat: "", fails: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := startedAt(test.stat, now, 10*time.Second)
			if (err != nil) != test.fails || !got.Equal(test.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestPlausible(t *testing.T) {
	entered := time.Now()
	for before, want := range map[time.Duration]bool{0: true, time.Second: true, -time.Second: false, time.Hour: false} {
		if got := plausible(entered.Add(-before), entered); got != want {
			t.Errorf("started %v before main: got %v, want %v", before, got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Run("status500", func(t *testing.T) {
		i := newInstance("pod-a", time.Now(), time.Now(), faultStatus500)
		if _, w := ask(t, i); w.Code != http.StatusInternalServerError {
			t.Errorf("got %d", w.Code)
		}
		if a, w := ask(t, i); w.Code != http.StatusOK || a.Requests != 2 {
			t.Errorf("the second request got %d, count %d: want 200 and 2", w.Code, a.Requests)
		}
	})
	t.Run("foreignBody", func(t *testing.T) {
		i := newInstance("pod-a", time.Now(), time.Now(), faultForeignBody)
		first, _ := ask(t, i)
		second, _ := ask(t, i)
		if first.Pod != foreignPod || second.Pod != "pod-a" {
			t.Errorf("got pods %q then %q", first.Pod, second.Pod)
		}
	})
	t.Run("every third", func(t *testing.T) {
		i := newInstance("pod-a", time.Now(), time.Now(), faultStatus500)
		i.every = 3
		var got []int
		for range 6 {
			_, w := ask(t, i)
			got = append(got, w.Code)
		}
		if want := []int{200, 200, 500, 200, 200, 500}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("stall", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			i := newInstance("pod-a", time.Now(), time.Now(), faultStall)
			i.every, i.delay = 2, 10*time.Millisecond
			for request, want := range []time.Duration{i.delay, stallTime + i.delay, i.delay} {
				began := time.Now()
				ask(t, i)
				if took := time.Since(began); took != want {
					t.Errorf("request %d took %s, want %s", request+1, took, want)
				}
			}
		})
	})
	t.Run("stall of others", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			i := newInstance("pod-a", time.Now(), time.Now(), faultStall)
			go i.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
			time.Sleep(stallTime / 5)
			began := time.Now()
			ask(t, i)
			if took := time.Since(began); took != stallTime*4/5 {
				t.Errorf("a request during the stall took %s", took)
			}
			synctest.Wait()
		})
	})
	t.Run("hang", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
		newInstance("pod-a", time.Now(), time.Now(), faultHang).ServeHTTP(w, r)
		if w.Body.Len() > 0 {
			t.Errorf("answered %q", w.Body)
		}
	})
}

func TestSettings(t *testing.T) {
	for _, test := range []struct {
		name  string
		env   map[string]string
		want  settings
		fails string
	}{
		{name: "none", want: settings{port: "8080"}},
		{
			name: "all", env: map[string]string{"PORT": "81", "COLDFN_START_DELAY": "2s", "COLDFN_ANSWER_DELAY": "50ms", "COLDFN_FAULT": "hang", "COLDFN_FAULT_EVERY": "100"},
			want: settings{port: "81", startDelay: 2 * time.Second, answerDelay: 50 * time.Millisecond, fault: faultHang, every: 100},
		},
		{name: "bad delay", env: map[string]string{"COLDFN_START_DELAY": "2"}, fails: "COLDFN_START_DELAY"},
		{name: "bad fault", env: map[string]string{"COLDFN_FAULT": "explode"}, fails: "COLDFN_FAULT"},
		{name: "bad number", env: map[string]string{"COLDFN_FAULT_EVERY": "0"}, fails: "COLDFN_FAULT_EVERY"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := readSettings(func(k string) string { return test.env[k] })
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got error %v, want one about %s", err, test.fails)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// freePort is a port on which nothing listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// start runs coldfn as a process and waits until it answers connections.
func start(t *testing.T, env ...string) (*exec.Cmd, string) {
	t.Helper()
	port := freePort(t)
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), append(env, "COLDFN_TEST_MAIN=1", "PORT="+port, "HOSTNAME=pod-a")...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	for {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			return c, "127.0.0.1:" + port
		}
		if t.Context().Err() != nil {
			t.Fatal("coldfn never listened")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestProcessEndsOnSIGTERM(t *testing.T) {
	c, address := start(t, "COLDFN_FAULT=hang")
	// A request in flight does not hold it up.
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	c.Process.Signal(syscall.SIGTERM)
	if err := c.Wait(); err != nil {
		t.Errorf("ended with %v, want status 0", err)
	}
}

func TestProcessCrashes(t *testing.T) {
	c, address := start(t, "COLDFN_FAULT=crash")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
		t.Errorf("answered %q", line)
	}
	if err := c.Wait(); err == nil || c.ProcessState.ExitCode() != 1 {
		t.Errorf("ended with %v, want status 1", err)
	}
}

// TestSize holds the promise that the function is small: its image is part of
// what a cold start costs.
func TestSize(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command")
	}
	binary := filepath.Join(t.TempDir(), "coldfn")
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() >= 8_000_000 {
		t.Errorf("the binary has %d bytes, want under 8 MB", info.Size())
	}
	t.Logf("%d bytes", info.Size())
}
