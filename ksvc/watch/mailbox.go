package watch

import (
	"sync"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// mailbox hands events to a reader in order and never makes the writer wait: a watch
// must not be late because a file is slow.
type mailbox struct {
	read func(record.Event)
	done chan struct{}

	mu     sync.Mutex
	some   *sync.Cond
	queue  []record.Event
	closed bool
}

func newMailbox(read func(record.Event)) *mailbox {
	m := &mailbox{read: read, done: make(chan struct{})}
	m.some = sync.NewCond(&m.mu)
	if read == nil {
		m.closed = true
		close(m.done)
		return m
	}
	go m.deliver()
	return m
}

func (m *mailbox) put(e record.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	m.queue = append(m.queue, e)
	m.some.Signal()
}

func (m *mailbox) deliver() {
	defer close(m.done)
	for {
		m.mu.Lock()
		for len(m.queue) == 0 && !m.closed {
			m.some.Wait()
		}
		batch, closed := m.queue, m.closed
		m.queue = nil
		m.mu.Unlock()
		for _, e := range batch {
			m.read(e)
		}
		if closed && len(batch) == 0 {
			return
		}
	}
}

// close returns when everything that was put was read.
func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
	m.some.Signal()
	m.mu.Unlock()
	<-m.done
}
