// Package loadgen talks HTTP to the ingress: the first request, what became of
// it and when, and the experiments that are made of first requests.
//
// It knows nothing of Kubernetes. What it needs of a cluster, to wait until a
// service has no pod and to prove that a sample was cold, stands in Cluster; what
// it measured goes to a Sink as soon as it is known. It prints nothing.
//
// One request has one outcome and is never tried again. It goes over a connection
// of its own in one goroutine, which stamps the run's clock, writes, and waits:
// net/http's transport hands a request from goroutine to goroutine, and with five
// hundred of them on two cores those hand-overs would be part of every latency.
package loadgen

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Cluster is what an experiment needs of the cluster.
type Cluster interface {
	// AwaitZero returns when no pod of the service is left, Terminating ones included.
	AwaitZero(ctx context.Context, t record.Target) error
	// AwaitRoute returns when a request for the service would get through the ingress.
	AwaitRoute(ctx context.Context, t record.Target) error
	// Prove fills in what the cluster knows of a sample: whether it was cold and
	// why, the instance, the phases. What it filled in counts even when it fails.
	Prove(ctx context.Context, t record.Target, s *record.Sample) error
}

// Sink takes what was measured; *record.Writer is one. It is used by several
// goroutines.
type Sink interface {
	Sample(record.Sample) error
	Event(record.Event) error
}

// proofLimit bounds how long the proof of one sample may take. It also holds
// after an interruption: a request that was answered is worth its proof.
const proofLimit = 30 * time.Second

// notExamined is why a sample is not known to be cold before it was proven.
const notExamined = "not examined"

// recorder proves samples, hands them on, and tells the observer.
type recorder struct {
	clock    record.Clock
	cluster  Cluster
	sink     Sink
	onSample func(done, total int, s record.Sample)

	mu          sync.Mutex
	done, total int
}

// keep proves a sample and writes it down at once.
func (r *recorder) keep(ctx context.Context, t record.Target, s *record.Sample) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), proofLimit)
	defer cancel()
	if err := r.cluster.Prove(ctx, t, s); err != nil {
		if s.ColdReason == notExamined {
			s.ColdReason = err.Error()
		}
		if err := r.event(record.EventProofFailed, t, err); err != nil {
			return err
		}
	}
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
	if r.onSample != nil {
		r.onSample(r.done, r.total, s)
	}
}

// skip writes down that a trial was not made.
func (r *recorder) skip(t record.Target, cause error) error {
	r.mu.Lock()
	r.done++
	r.mu.Unlock()
	return r.event(record.EventTrialSkipped, t, cause)
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
