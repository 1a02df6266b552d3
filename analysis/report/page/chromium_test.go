package page

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// browser is a headless Chromium with one page, told what to do in the DevTools
// protocol over a pipe: messages in JSON, each ended by a zero byte.
type browser struct {
	t        *testing.T
	out      *os.File
	session  string
	messages chan message

	mutex  sync.Mutex
	next   int
	events []message
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct{ Message string }
}

const browserLimit = 60 * time.Second

// chromium starts one. It is not optional: a report that no browser has drawn is
// not tested.
func chromium(t *testing.T, flags ...string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing, in which the report is tested: run scripts/install-prerequisites")
	}
	fromUs, toBrowser := pipe(t)
	fromBrowser, toUs := pipe(t)
	cmd := exec.Command(path, append([]string{"--remote-debugging-pipe", "--headless", "--no-sandbox", "--disable-gpu",
		"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--hide-scrollbars", "--user-data-dir=" + t.TempDir()}, flags...)...)
	cmd.ExtraFiles = []*os.File{fromUs, toUs} // it reads 3 and writes 4
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // all that it started
		_ = cmd.Wait()
	})
	_, _ = fromUs.Close(), toUs.Close()
	b := &browser{t: t, out: toBrowser, messages: make(chan message, 100)}
	go b.read(fromBrowser)
	b.attach()
	return b
}

func pipe(t *testing.T) (read, write *os.File) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = read.Close(), write.Close() })
	return read, write
}

// read hands on answers and keeps events.
func (b *browser) read(from *os.File) {
	defer close(b.messages)
	lines := bufio.NewReader(from)
	for {
		text, err := lines.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(bytes.TrimRight(text, "\x00"), &m) != nil {
			return
		}
		if m.ID > 0 {
			b.messages <- m
			continue
		}
		b.mutex.Lock()
		b.events = append(b.events, m)
		b.mutex.Unlock()
	}
}

// attach opens a page and turns on what tells of its troubles.
func (b *browser) attach() {
	b.t.Helper()
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
}

// call sends one command and waits for its answer.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.next++
	command := map[string]any{"id": b.next, "method": method}
	if params != nil {
		command["params"] = params
	}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	text, err := json.Marshal(command)
	if err == nil {
		_, err = b.out.Write(append(text, 0))
	}
	if err != nil {
		b.t.Fatalf("send %s: %v", method, err)
	}
	if err := b.answer(b.next, result); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

func (b *browser) answer(id int, result any) error {
	limit := time.After(browserLimit)
	for {
		select {
		case m, open := <-b.messages:
			switch {
			case !open:
				return fmt.Errorf("chromium ended")
			case m.ID != id:
				continue
			case m.Error != nil:
				return fmt.Errorf("%s", m.Error.Message)
			case result == nil:
				return nil
			}
			return json.Unmarshal(m.Result, result)
		case <-limit:
			return fmt.Errorf("no answer in %s", browserLimit)
		}
	}
}

// seen are the events of these methods so far.
func (b *browser) seen(methods ...string) []message {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	var list []message
	for _, e := range b.events {
		for _, m := range methods {
			if e.Method == m {
				list = append(list, e)
			}
		}
	}
	return list
}

// open shows a file and waits until it is loaded.
func (b *browser) open(url string) {
	b.t.Helper()
	before := len(b.seen("Page.loadEventFired"))
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	for limit := time.Now().Add(browserLimit); len(b.seen("Page.loadEventFired")) == before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			b.t.Fatalf("load %s: not in %s", url, browserLimit)
		}
	}
}

// eval runs an expression in the page and decodes its value.
func (b *browser) eval(expression string, value any) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	if answer.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, answer.ExceptionDetails)
	}
	if value == nil {
		return
	}
	if err := json.Unmarshal(answer.Result.Value, value); err != nil {
		b.t.Fatalf("%s: %v in %s", expression, err, answer.Result.Value)
	}
}
