package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/otlp"
)

const (
	// tracesProtocol is what package otlp receives.
	tracesProtocol = "http/protobuf"
	// ownRate is a sampling rate, above zero, at which components trace a request
	// that says so itself, and next to no other: neither warm requests nor probes nor
	// what else goes on in the cluster.
	ownRate = 1e-9
	// restoreLimit bounds switching tracing off again.
	restoreLimit = time.Minute
)

var errTracing = errors.New("traces are collected already: the cluster serves one run at a time")

// traces is what was done to have Knative report traces. It is used by one goroutine
// at a time.
type traces struct {
	receiver *otlp.Receiver
	// changed says that Knative's setting may be changed, and restart that the
	// activator does not follow yet what it was restored to.
	changed, restart bool
}

// StartTraces listens at an address of this host, HOST:PORT, at which pods reach it,
// and has Knative report there. What arrives also tells the watch, if there is one, which
// pods served which requests. Spans of traces that known does not know are dropped. It
// returns the address that it listens at. If it fails half-way, StopTraces and
// RestoreTraces undo what it did.
func (c *Cluster) StartTraces(ctx context.Context, address string, known func(traceID string) bool, take func(record.TraceSpan)) (listens string, err error) {
	t := &c.traces
	if t.receiver != nil {
		return "", errTracing
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
	t.changed = true // if the answer to the change is lost, it may still be made
	if err := c.client.TracingChange(tracesProtocol, t.receiver.Endpoint(), ownRate).Apply(ctx); err != nil {
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

// RestoreTraces puts Knative's settings back, within a minute and even if ctx was
// cancelled. Without StartTraces it does nothing.
func (c *Cluster) RestoreTraces(ctx context.Context) error {
	t := &c.traces
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), restoreLimit, fmt.Errorf("not within %v", restoreLimit))
	defer cancel()
	if t.changed {
		restored, err := c.client.RestoreConfig(ctx)
		if err != nil {
			return err
		}
		t.changed, t.restart = false, restored
	}
	if t.restart {
		if err := c.client.RestartActivator(ctx); err != nil {
			return err
		}
		t.restart = false
	}
	return nil
}
