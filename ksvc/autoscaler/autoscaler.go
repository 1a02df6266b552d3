// Package autoscaler follows what Knative's autoscaler says of a revision in its metrics
// and nowhere else: whether it is in its panic mode, in which it goes by the load of the
// last few seconds and takes no instance away. See
// https://knative.dev/docs/serving/autoscaling/kpa-specific/.
//
// The metrics are there where the setting metrics-protocol of Knative's
// config-observability is prometheus, which is not its default. The API server passes the
// request on.
package autoscaler

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// period is how often the metrics are read. The autoscaler decides each 2 s.
const period = time.Second

// Service names the port of the service that has the metrics, as a request through the
// API server does.
const Service = scheme + ":" + name + ":" + port

const scheme, name, port = "http", "autoscaler", "9090"

// Follower reads the metrics until it is stopped.
type Follower struct {
	client *ksvc.Client
	clock  record.Clock
	target record.Target
	emit   func(record.Event)

	stop context.CancelFunc
	done chan struct{}
	// known says that the mode was read, and panicking what it was.
	known, panicking bool
	// told says that it was said why it cannot be read.
	told bool
}

// Follow begins to follow the revision of a target. Each change of its panic mode is an
// event, and so is how it is at first. If it cannot be read, one event says why.
func Follow(ctx context.Context, c *ksvc.Client, clock record.Clock, t record.Target, emit func(record.Event)) *Follower {
	ctx, cancel := context.WithCancel(ctx)
	f := &Follower{client: c, clock: clock, target: t, emit: emit, stop: cancel, done: make(chan struct{})}
	go f.run(ctx)
	return f
}

// Stop ends it, and returns when the last event was emitted.
func (f *Follower) Stop() {
	f.stop()
	<-f.done
}

// run reads at once and then at each tick. It gives up if it is not allowed to.
func (f *Follower) run(ctx context.Context) {
	defer close(f.done)
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		panicking, err := f.read(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			f.unread(err)
		default:
			f.saw(panicking)
		}
		if apierrors.IsForbidden(err) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// read asks the autoscaler.
func (f *Follower) read(ctx context.Context) (panicking bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*period)
	defer cancel()
	text, err := f.client.Kubernetes.CoreV1().Services(ksvc.SystemNamespace).ProxyGet(scheme, name, port, "metrics", nil).DoRaw(ctx)
	switch {
	case apierrors.IsForbidden(err):
		return false, fmt.Errorf("not allowed to get services/proxy of %s in %s, which `kn-coldstart rbac` grants: %w", Service, ksvc.SystemNamespace, err)
	case err != nil:
		return false, fmt.Errorf("the autoscaler gives no metrics; it does where metrics-protocol in ConfigMap %s/%s is prometheus: %w", ksvc.SystemNamespace, ksvc.ObservabilityConfig, err)
	}
	return panicMode(text, f.target)
}

func (f *Follower) saw(panicking bool) {
	if f.known && f.panicking == panicking {
		return
	}
	f.known, f.panicking = true, panicking
	e := f.event(record.EventPanicMode)
	if panicking {
		e.Value = 1
	}
	f.emit(e)
}

func (f *Follower) unread(cause error) {
	if f.told {
		return
	}
	f.told = true
	e := f.event(record.EventPanicUnread)
	e.Message = cause.Error()
	f.emit(e)
}

func (f *Follower) event(kind record.Kind) record.Event {
	t := f.target
	return record.Event{Type: record.TypeEvent, At: f.clock.Now(), Kind: kind, RuntimeClass: t.RuntimeClass, Variant: t.Variant, Service: t.Service}
}
