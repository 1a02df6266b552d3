package experiment

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// prover is what sending first requests needs of a cluster; see Watcher.
type prover interface {
	AwaitZero(ctx context.Context, t record.Target) error
	AwaitRoute(ctx context.Context, t record.Target) error
	Prove(ctx context.Context, t record.Target, s *record.Sample) error
}

// sink takes what was measured; *record.Writer is one. It is used by several
// goroutines.
type sink interface {
	// Request takes what is known of a sample before it is proven.
	Request(record.Sample) error
	Sample(record.Sample) error
	Event(record.Event) error
}

// proofLimit bounds how long the proof of one sample may take. It also holds after
// an interruption: a request that was answered is worth its proof.
const proofLimit = 30 * time.Second

// recorder proves samples, writes them down, and tells the observer.
type recorder struct {
	clock    record.Clock
	cluster  prover
	sink     sink
	observer Observer
	// withPull has cold starts for which an image was pulled count like all others.
	withPull bool

	mu          sync.Mutex
	done, total int
}

// ended writes down a request that has ended. Its proof takes seconds: a tool that is
// killed until then has lost the proof, and not the request.
func (r *recorder) ended(t record.Target, s *record.Sample) error {
	if err := r.sink.Request(*s); err != nil {
		return fmt.Errorf("record request to %s: %w", name(t), err)
	}
	return nil
}

// keep proves a sample whose request was written down, and writes it down too.
func (r *recorder) keep(ctx context.Context, t record.Target, s *record.Sample) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), proofLimit)
	defer cancel()
	if err := r.cluster.Prove(ctx, t, s); err != nil {
		if s.ColdReason == record.NotExamined {
			s.ColdReason = err.Error()
		}
		if err := r.event(record.EventProofFailed, t, err); err != nil {
			return err
		}
	}
	s.WithPull = r.withPull
	if err := r.sink.Sample(*s); err != nil {
		return fmt.Errorf("record sample of %s: %w", name(t), err)
	}
	r.tell(*s)
	return nil
}

func (r *recorder) tell(s record.Sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.observer.See(SampleTaken{r.done, r.total, s})
}

// skip writes down that a trial was not made.
func (r *recorder) skip(t record.Target, cause error) error {
	return r.without(record.EventTrialSkipped, t, cause)
}

// abandon writes down that nothing is known of a request.
func (r *recorder) abandon(t record.Target, cause error) error {
	return r.without(record.EventRequestAbandoned, t, cause)
}

// without writes down what left a trial without a sample. It is done all the same.
func (r *recorder) without(kind record.Kind, t record.Target, cause error) error {
	r.mu.Lock()
	r.done++
	r.mu.Unlock()
	return r.event(kind, t, cause)
}

func (r *recorder) event(kind record.Kind, t record.Target, cause error) error {
	err := r.sink.Event(record.Event{
		At: r.clock.Now(), Kind: kind, Message: cause.Error(),
		RuntimeClass: t.RuntimeClass, Service: t.Service,
	})
	if err != nil {
		return fmt.Errorf("record event %s of %s: %w", kind, name(t), err)
	}
	return nil
}

func name(t record.Target) string { return t.Namespace + "/" + t.Service }

// pause waits, unless the context ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
