package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/otlp"
)

const (
	// nodeGateway is where the embedded node's pods reach this machine.
	nodeGateway = "198.18.0.1"
	// ownRate is a sampling rate, above zero, at which components trace a request
	// that says so itself, and next to no other: neither warm requests nor probes
	// nor what else goes on in the cluster.
	ownRate = 1e-9
	// batchDelay is how long a component may keep spans to itself: its batches
	// leave every 5 s.
	batchDelay = 6 * time.Second
	// restoreLimit bounds switching tracing off again.
	restoreLimit = time.Minute
)

// traceFlags say whether Knative's spans of each request are collected.
type traceFlags struct {
	Traces bool `json:"traces"`

	address string
	// shared says that the cluster may have more services than this run's.
	shared bool
}

func (f *traceFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.Traces, "traces", false, "collect what the activator and queue-proxy say of each request; changes ConfigMap\n"+
		"config-observability and restarts the activator, at the start and at the end (default: on the embedded node)")
	flags.StringVar(&f.address, "traces-address", "", "HOST:PORT of this machine at which pods report traces (the embedded node's is known)")
}

// choose fills in what was not said.
func (f *traceFlags) choose(flags *pflag.FlagSet, embedded bool) error {
	if !flags.Changed("traces") {
		f.Traces = embedded || f.address != ""
	}
	switch {
	case !f.Traces:
		return nil
	case f.address != "":
		f.shared = !embedded
		return checkReachable(f.address)
	case !embedded:
		return errors.New("--traces needs --traces-address HOST:PORT: an address of this machine that pods can reach")
	}
	f.address = net.JoinHostPort(nodeGateway, "0")
	return nil
}

func checkReachable(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--traces-address: %w", err)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return fmt.Errorf("--traces-address %q names no address: give the one that pods can reach", address)
	}
	return nil
}

// traces collects the spans of a session's requests. A nil one collects none.
//
//	start ── listen, setting changed, activator restarted
//	(the experiment)
//	finish ── the last batches awaited, listening ended
//	(services removed, so that the setting does not make Knative roll them out)
//	restore ── setting restored, activator restarted
type traces struct {
	change   ksvc.ConfigChange
	changed  bool
	receiver *otlp.Receiver
	sink     func(record.TraceSpan)
	// prefix begins the ids of this session's traces, and of no other.
	prefix   string
	received atomic.Int64
	// last is when the last request was made, in Unix nanoseconds.
	last atomic.Int64
}

// startTraces makes Knative report to this session. What failed half-way is for
// close to undo.
func (s *session) startTraces(ctx context.Context, f traceFlags) error {
	if !f.Traces {
		return nil
	}
	t := &traces{sink: s.span, prefix: randomHex(8)}
	var err error
	if t.receiver, err = otlp.Listen(f.address, t.take); err != nil {
		return err
	}
	s.traces = t
	if f.shared {
		sayWarning("--traces changes a setting that Knative gives to every queue-proxy: now and at the end of the run it rolls out all revisions of the cluster anew")
	}
	endpoint := t.receiver.Endpoint()
	sayStep("having Knative report traces to %s: restarting the activator", endpoint)
	t.change = s.client.TracingChange("http/protobuf", endpoint, ownRate)
	if err := t.change.Apply(ctx); err != nil {
		return err
	}
	t.changed = true
	return s.client.RestartActivator(ctx)
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// ids draws trace ids for requests; it is nil when nothing is collected.
func (t *traces) ids() func() string {
	if t == nil {
		return nil
	}
	return func() string {
		t.last.Store(time.Now().UnixNano())
		return t.prefix + randomHex(8)
	}
}

// take keeps a span of this session's.
func (t *traces) take(s record.TraceSpan) {
	if strings.HasPrefix(s.TraceID, t.prefix) {
		t.received.Add(1)
		t.sink(s)
	}
}

// span writes a span down, as event does an event.
func (s *session) span(span record.TraceSpan) {
	if err := s.writer.Span(span); err != nil {
		sayWarning("%v", err)
	}
}

// finish waits for the spans of the last requests, unless the run was
// interrupted. No span comes after it.
func (t *traces) finish(ctx context.Context) error {
	if t == nil {
		return nil
	}
	asked := t.last.Load() > 0
	if asked && ctx.Err() == nil {
		sayStep("waiting %v for the last traces", batchDelay)
		select {
		case <-time.After(batchDelay):
		case <-ctx.Done():
		}
	}
	if asked && ctx.Err() == nil && t.received.Load() == 0 {
		sayWarning("no trace arrived at %s: pods may not be able to reach it", t.receiver.Endpoint())
	}
	return t.receiver.Close()
}

// restore puts Knative's setting back, also when the run was interrupted.
func (t *traces) restore(ctx context.Context, client *ksvc.Client) error {
	if t == nil || !t.changed {
		return nil
	}
	sayStep("restoring Knative's tracing: restarting the activator")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreLimit)
	defer cancel()
	if err := t.change.Restore(ctx); err != nil {
		return err
	}
	return client.RestartActivator(ctx)
}
