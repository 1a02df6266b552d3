package load

import (
	"slices"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// idleLimit is how long a connection may be without a request before it is closed. It is
// shorter than ingresses wait, so that it is not they who close it: a request that is
// sent at that moment would come back as a reset.
const idleLimit = 10 * time.Second

// pool has requests that wait to be sent again, each with its connection. One that was
// used last is used first, so that what is not needed becomes idle.
type pool struct {
	client *loadgen.Client
	target record.Target

	mu   sync.Mutex
	idle []idle // the longest idle one first
}

type idle struct {
	*loadgen.Request
	since time.Duration
}

// take is a request that nobody else sends.
func (p *pool) take() (*loadgen.Request, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeIdle(idleLimit)
	if last := len(p.idle) - 1; last >= 0 {
		r := p.idle[last].Request
		p.idle = p.idle[:last]
		return r, nil
	}
	return p.client.Prepare(p.target)
}

// put gives a request back.
func (p *pool) put(r *loadgen.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, idle{r, p.client.Clock.Now()})
}

// closeIdle closes the connections that are idle for longer than a limit; p.mu is held.
func (p *pool) closeIdle(limit time.Duration) {
	now, stale := p.client.Clock.Now(), 0
	for ; stale < len(p.idle) && now-p.idle[stale].since > limit; stale++ {
		p.idle[stale].Close()
	}
	p.idle = slices.Delete(p.idle, 0, stale)
}

// close closes all connections that wait.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeIdle(-1)
}
