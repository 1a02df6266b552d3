package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/self"
)

// growing is a run file that a run is still writing.
type growing struct {
	t    *testing.T
	path string
	*record.Writer
}

func newRun(t *testing.T) *growing {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := record.Create(path, record.Header{RunID: "r1", Command: "single", Started: time.Now(), Classes: []record.Class{{Name: "runc", Image: "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	return &growing{t, path, w}
}

func (g *growing) add(service string) {
	g.t.Helper()
	err := g.Sample(record.Sample{RuntimeClass: "runc", Services: 1, Block: 1, Service: service, Namespace: "n", ClientTimeout: time.Minute,
		Outcome: record.OK, Status: 200, Cold: record.Proven, ColdReason: "made", ResponseLatency: time.Second, Done: time.Second})
	if err != nil {
		g.t.Fatal(err)
	}
}

func serving(t *testing.T, address string) *Server {
	t.Helper()
	s, err := Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.http.Close() })
	return s
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// event is what a browser would be told.
type event struct{ name, content string }

// listen gives the events of a page that somebody looks at.
func listen(t *testing.T, url string) <-chan event {
	t.Helper()
	response, err := http.Get(url)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v: %v", url, err)
	}
	events := make(chan event, 100)
	go func() {
		defer close(events)
		defer response.Body.Close()
		lines := bufio.NewReader(response.Body)
		name := ""
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if after, found := strings.CutPrefix(line, "event: "); found {
				name = strings.TrimSpace(after)
			}
			if after, found := strings.CutPrefix(line, "data: "); found {
				var data struct{ Content string }
				_ = json.Unmarshal([]byte(after), &data) // what is wrong with it is seen in the content
				events <- event{name, data.Content}
			}
		}
	}()
	return events
}

func next(t *testing.T, events <-chan event) event {
	t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			t.Fatal("the stream has ended")
		}
		return e
	case <-time.After(30 * time.Second):
		t.Fatal("no event in 30 s")
	}
	return event{}
}

// A page that is open sees the run grow, and its end.
func TestARunThatGrows(t *testing.T) {
	s := serving(t, "127.0.0.1:0")
	if code, body := get(t, s.URL()); code != http.StatusOK || !strings.Contains(body, "Nothing measured yet") || !strings.Contains(body, "connect-src &#39;self&#39;") {
		t.Fatalf("before the run: %d %.300s", code, body)
	}
	run := newRun(t)
	s.Follow(run.path)
	events := listen(t, s.URL()+"events")
	hidden := listen(t, s.URL()+"events?only=end")
	if e := next(t, events); e.name != "changed" || !strings.Contains(e.content, "0 requests of 0 RuntimeClasses in 1 run") {
		t.Errorf("the first event is %s: %.200s", e.name, e.content)
	}
	run.add("first-service")
	if e := next(t, events); e.name != "changed" || !strings.Contains(e.content, "1 request of 1 RuntimeClass") {
		t.Errorf("the second event is %s: %.200s", e.name, e.content)
	}
	run.add("second-service")
	if err := run.End(time.Second, record.EndCompleted, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.End(t.Context()); err != nil {
		t.Errorf("the end: %v", err)
	}
	for name, events := range map[string]<-chan event{"open": events, "hidden": hidden} {
		if e := next(t, events); e.name != "ended" || !strings.Contains(e.content, "2 requests of 1 RuntimeClass") {
			t.Errorf("%s: the last event is %s: %.200s", name, e.name, e.content)
		}
		if e, more := <-events; more {
			t.Errorf("%s: one more event: %s", name, e.name)
		}
	}
}

// Drawing costs something: it is done for somebody, when there is something new, and not
// too often.
func TestDrawsSeldom(t *testing.T) {
	v, run := newView(), newRun(t)
	look := func(last bool, want int) {
		t.Helper()
		d, err := v.look(last)
		if err != nil || d.version != want || d.every < drawEvery {
			t.Errorf("version %d, want %d; every %v: %v", d.version, want, d.every, err)
		}
	}
	look(false, 0) // no run yet
	v.follow(run.path)
	run.add("a") // nobody looks
	look(false, 1)
	run.add("b")
	look(false, 1) // too soon
	v.next = time.Now()
	look(false, 2)
	v.next = time.Now()
	look(false, 2) // nothing new
	run.add("c")
	look(true, 3)
}

func TestAFileThatIsGone(t *testing.T) {
	v := newView()
	v.follow(filepath.Join(t.TempDir(), "none"))
	if d, err := v.look(true); err == nil || d.version != 0 || len(d.content) == 0 {
		t.Errorf("%v: version %d, %d bytes", err, d.version, len(d.content))
	}
}

// Neither another page nor another user of the computer reads a run.
func TestWhoMayRead(t *testing.T) {
	s := serving(t, "127.0.0.1:0")
	s.host = "bench.example"
	path := "/" + s.token + "/"
	for _, c := range []struct {
		name, method, path, host string
		header                   map[string]string
		want                     int
	}{
		{"the browser's own address line", "GET", path, "127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "none"}, 200},
		{"the page itself", "GET", path, "127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8080"}, 200},
		{"localhost", "GET", path, "localhost:8080", nil, 200},
		{"IPv6", "GET", path, "[::1]:8080", nil, 200},
		{"an address without a port", "GET", path, "198.18.0.2", nil, 200},
		{"the name that was asked for", "GET", path, "BENCH.example:8080", nil, 200},
		{"a name that was rebound", "GET", path, "evil.example:8080", nil, 421},
		{"a name that begins like an address", "GET", path, "127.0.0.1.evil.example", nil, 421},
		{"no name", "GET", path, "", nil, 421},
		{"another page", "GET", path, "127.0.0.1:8080", map[string]string{"Origin": "http://evil.example"}, 403},
		{"a page on another port", "GET", path, "127.0.0.1:8080", map[string]string{"Origin": "http://127.0.0.1:9090"}, 403},
		{"an image of another page", "GET", path, "127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"somebody who guesses", "GET", "/", "127.0.0.1:8080", nil, 404},
		{"a wrong guess", "GET", "/" + strings.Repeat("a", len(s.token)) + "/", "127.0.0.1:8080", nil, 404},
		{"something else of the page", "GET", path + "x", "127.0.0.1:8080", nil, 404},
		{"a form", "POST", path, "127.0.0.1:8080", nil, 405},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+s.listener.Addr().String()+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Host = c.host; c.host == "" {
				r.Host = "."
			}
			for name, value := range c.header {
				r.Header.Set(name, value)
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != c.want {
				t.Errorf("status %d, want %d", response.StatusCode, c.want)
			}
			if csp := response.Header.Get("Content-Security-Policy"); c.want == 200 && (csp != "frame-ancestors 'none'" || response.Header.Get("Cache-Control") != "no-store") {
				t.Errorf("headers %v", response.Header)
			}
		})
	}
	if other := serving(t, "127.0.0.1:0"); other.token == s.token || len(other.token) < 20 {
		t.Errorf("the tokens are %q and %q", s.token, other.token)
	}
}

func TestTheEndDoesNotWaitForNobody(t *testing.T) {
	s := serving(t, "127.0.0.1:0")
	if code, _ := get(t, s.URL()); code != http.StatusOK {
		t.Fatal(code)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.End(ctx); err != nil {
		t.Error(err)
	}
}

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]struct {
		address string
		open    bool
	}{
		":8080":              {"127.0.0.1:8080", false},
		":0":                 {"127.0.0.1:0", false},
		"localhost:8080":     {"127.0.0.1:8080", false},
		"127.0.0.2:1":        {"127.0.0.2:1", false},
		"[::1]:8080":         {"[::1]:8080", false},
		"0.0.0.0:8080":       {"0.0.0.0:8080", true},
		"[::]:8080":          {"[::]:8080", true},
		"192.0.2.7:8080":     {"192.0.2.7:8080", true},
		"bench.example:8080": {"bench.example:8080", true},
	} {
		if address, open, err := ParseAddress(text); err != nil || address != want.address || open != want.open {
			t.Errorf("%s: %s, %v, %v", text, address, open, err)
		}
	}
	for _, text := range []string{"", "8080", "127.0.0.1", ":", "a:b:c"} {
		if address, _, err := ParseAddress(text); err == nil {
			t.Errorf("%q is %s", text, address)
		}
	}
}

// What drawing takes of a processor, with so many samples in the file.
func BenchmarkDraw(b *testing.B) {
	for _, samples := range []int{100, 1000, 10000} {
		b.Run(strconv.Itoa(samples), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "run.jsonl")
			w, err := record.Create(path, record.Header{RunID: "r1", Command: "single", Started: time.Now(), Classes: []record.Class{{Name: "runc", Image: "x"}}})
			for i := range samples {
				latency := time.Second + time.Duration(i*7919%1000)*time.Millisecond
				err = errors.Join(err, w.Sample(record.Sample{RuntimeClass: "runc", Services: 1, Block: i, Service: "s", Namespace: "n", ClientTimeout: time.Minute,
					Sent: time.Duration(i) * time.Second, Outcome: record.OK, Status: 200, Cold: record.Proven, ColdReason: "made", ResponseLatency: latency, Done: time.Duration(i)*time.Second + latency}))
			}
			if err != nil {
				b.Fatal(err)
			}
			v := newView()
			v.follow(path)
			before := self.CPUTime()
			for b.Loop() {
				v.size = 0
				if _, err := v.look(true); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(self.CPUTime()-before)/1e6/float64(b.N), "cpu-ms/op")
		})
	}
}
