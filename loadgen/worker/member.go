package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// member is a worker as the coordinator sees it.
type member struct {
	record.Worker
	clock  record.Clock
	client *http.Client
	// lost is guarded by the team's lock.
	lost bool
	// ready tells it of instances, until leave is called.
	ready *herald
	leave context.CancelFunc

	mu sync.Mutex
	// offset is the latest estimate, and compared says that there is one.
	offset   record.ClockOffset
	compared bool
}

// ahead is how far the worker's clock is ahead, by the latest estimate.
func (m *member) ahead() record.ClockOffset {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.offset
}

func newMember(w record.Worker, clock record.Clock, way http.RoundTripper) *member {
	return &member{Worker: w, clock: clock, client: &http.Client{Transport: way}, ready: newHerald()}
}

// belong makes it one that is told of instances, until it leaves or ctx ends.
func (m *member) belong(ctx context.Context) {
	ctx, m.leave = context.WithCancel(ctx)
	go m.ready.run(ctx, m.tellReady)
}

// tellReady tells of instances, whose instants are on the run's clock.
func (m *member) tellReady(ctx context.Context, some []instance) error {
	offset := m.ahead().Offset
	theirs := make([]instance, len(some))
	for i, one := range some {
		theirs[i] = instance{Pod: one.Pod, Since: one.Since + offset}
	}
	return m.post(ctx, pathInstances, theirs, nil)
}

// askLimit bounds everything that a worker is asked for but its order.
const askLimit = 15 * time.Second

// post asks for something, and reads the answer into a value unless that is nil.
func (m *member) post(ctx context.Context, path string, what, into any) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	answer, err := m.open(ctx, path, what)
	if err != nil {
		return err
	}
	defer answer.Close()
	if into != nil {
		err = json.NewDecoder(answer).Decode(into)
	}
	_, rest := io.Copy(io.Discard, answer) // so that the connection is used again
	return errors.Join(err, rest)
}

// mostRefusal is how much is read of why a request was refused.
const mostRefusal = 500

// open asks for something, and returns the answer to be read.
func (m *member) open(ctx context.Context, path string, what any) (io.ReadCloser, error) {
	var body io.Reader
	if what != nil {
		text, err := json.Marshal(what)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+m.Name+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set(tokenHeader, m.Token)
	// A connection that was kept may turn out to be closed. Then the request is sent once more,
	// which does no harm: an order that is under way is not begun a second time. Without a value
	// it is not sent, see http.Transport.
	r.Header["Idempotency-Key"] = nil
	answer, err := m.client.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	why, _ := io.ReadAll(io.LimitReader(answer.Body, mostRefusal))
	return nil, fmt.Errorf("status %d: %s", answer.StatusCode, strings.TrimSpace(string(why)))
}

// askClock asks for the worker's clock once. It refuses one that speaks another language.
func (m *member) askClock(ctx context.Context) (exchange, error) {
	var told clockAnswer
	asked := m.clock.Now()
	if err := m.post(ctx, pathClock, nil, &told); err != nil {
		return exchange{}, err
	}
	got := m.clock.Now()
	if told.Language != language {
		return exchange{}, fmt.Errorf("it is kn-coldstart %s, which another version cannot lead: use the image of this version", told.Version)
	}
	return exchange{asked, told.Received, told.Answered, got}, nil
}

// compare estimates the offset anew, and says by how much it has changed.
func (m *member) compare(ctx context.Context) (drift time.Duration, err error) {
	o, err := compare(ctx, m.askClock)
	if err != nil {
		return 0, fmt.Errorf("compare clocks: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.compared {
		drift = o.Offset - m.offset.Offset
	}
	m.offset, m.compared = o, true
	return drift, nil
}
