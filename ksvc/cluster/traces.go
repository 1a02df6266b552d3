package cluster

import (
	"context"
	"errors"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/otlp"
)

const (
	// tracesProtocol is what package otlp receives.
	tracesProtocol = "http/protobuf"
	// ownRate is a sampling rate, above zero, at which components trace a request
	// that says so itself, and next to no other: neither warm requests nor probes nor
	// what else goes on in the cluster.
	ownRate = 1e-9
)

var (
	errTracing   = errors.New("traces are collected already: the cluster serves one run at a time")
	errUnclaimed = errors.New("traces were not claimed")
)

// traces is what was done to have Knative report traces. It is used by one goroutine
// at a time.
type traces struct {
	receiver *otlp.Receiver
	// lease says that the run has claimed Knative's tracing, and run which one that is.
	// Both stay when it is released, so that RestoreTraces can be tried again.
	lease *ksvc.Lease
	run   string
}

// ClaimTraces makes the run the one that Knative's traces go to. While other living runs
// are, it waits and tells waiting their ids.
func (c *Cluster) ClaimTraces(ctx context.Context, runID string, waiting func(runID string)) (err error) {
	t := &c.traces
	t.lease, err = c.client.HoldTracing(ctx, runID, waiting)
	if err == nil {
		t.run = runID
	}
	return err
}

// StartTraces listens at an address of this host, HOST:PORT, at which pods reach it,
// and has Knative report there. The run has to have claimed that. What arrives also tells
// the watch, if there is one, which pods served which requests. Spans of traces that known
// does not know are dropped. It returns the address that it listens at. If it fails
// half-way, StopTraces and RestoreTraces undo what it did.
func (c *Cluster) StartTraces(ctx context.Context, address string, known func(traceID string) bool, take func(record.TraceSpan)) (listens string, err error) {
	t := &c.traces
	if t.receiver != nil {
		return "", errTracing
	}
	if t.lease == nil {
		return "", errUnclaimed
	}
	observe := func(s record.TraceSpan) {
		if w := c.present.Load(); w != nil {
			w.ObserveSpan(s)
		}
		take(s)
	}
	if t.receiver, err = otlp.Listen(address, known, observe); err != nil {
		return "", err
	}
	listens = t.receiver.Address()
	if err := c.client.TraceTo(ctx, t.run, tracesProtocol, t.receiver.Endpoint(), ownRate); err != nil {
		return listens, err
	}
	return listens, c.client.RestartActivator(ctx)
}

// StopTraces ends the listening. No span is taken after it.
func (c *Cluster) StopTraces() error {
	t := &c.traces
	if t.receiver == nil {
		return nil
	}
	err := t.receiver.Close()
	t.receiver = nil
	return err
}

// RestoreTraces puts Knative's settings back, trying for ten minutes and even if ctx was
// cancelled, and gives up the claim. left are the keys of the setting that somebody else
// has changed meanwhile; they keep their values. Without ClaimTraces it does nothing.
func (c *Cluster) RestoreTraces(ctx context.Context) (left []string, err error) {
	t := &c.traces
	if t.lease == nil {
		return nil, nil
	}
	restored, err := c.client.RestoreTracing(context.WithoutCancel(ctx), t.run)
	// What is still changed without a lease is for the next run, or for clean.
	return restored.Left, errors.Join(err, t.lease.Release(ctx))
}
