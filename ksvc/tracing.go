package ksvc

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var adviseRestore = NewAdvice("run `kn-coldstart clean` to put the setting back, or edit the ConfigMap: its annotation " + annotationChange + " has the values")

// TraceTo makes Knative send its traces to an OTLP endpoint: protocol is "grpc" or
// "http/protobuf", rate the share of requests from 0 to 1. The run has to hold the lease
// of HoldTracing. What a dead run has left changed is undone at the same time, so that
// RestoreTracing puts back what was before both.
//
// Queue-proxies of services that are created afterwards follow the setting. The
// activator reads it only when it starts: see RestartActivator.
//
// A request that is under way when ctx ends is waited for, so that RestoreTracing finds
// what it changed.
func (c *Client) TraceTo(ctx context.Context, run, protocol, endpoint string, rate float64) error {
	after := map[string]string{
		"tracing-protocol":      protocol,
		"tracing-endpoint":      endpoint,
		"tracing-sampling-rate": strconv.FormatFloat(rate, 'g', -1, 64),
	}
	return configError("change", retryBusy(ctx, createBackoff, func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		request, cancel := context.WithTimeout(context.WithoutCancel(ctx), createLimit)
		defer cancel()
		return c.editConfig(request, func(data map[string]string, old *configChange) configPatch {
			return old.replace(data, run, after)
		})
	}))
}

// Restored is what became of a change of Knative's settings.
type Restored struct {
	// Changed says that there was something to undo.
	Changed bool
	// Left are the keys that somebody else has changed since. They keep their values.
	Left []string
}

// RestoreTracing puts back what TraceTo of a run has changed, and returns when the
// activator follows. It does nothing if another run has taken the setting over. It tries
// for ten minutes, as long as Delete waits, or until ctx ends, which should not be one that
// Ctrl-C has cancelled. If it fails it can be called again, by another process, too.
func (c *Client) RestoreTracing(ctx context.Context, run string) (Restored, error) {
	var done Restored
	ctx, cancel := context.WithTimeoutCause(ctx, defaultDeletePatience, fmt.Errorf("not within %v", defaultDeletePatience))
	defer cancel()
	if err := c.Reach(ctx); err != nil {
		return done, fmt.Errorf("restore ConfigMap %s/%s: %w", SystemNamespace, ObservabilityConfig, err)
	}
	err := c.editPatiently(ctx, func(data map[string]string, old *configChange) configPatch {
		if old == nil || old.Run != run {
			return configPatch{}
		}
		values, left := old.undo(data)
		done.Changed = true
		if len(old.After) > 0 { // else it was undone before, by a try whose answer was lost
			done.Left = left
		}
		// The note stays until the activator follows: a restart that fails can be made
		// good, by another process, too.
		return configPatch{values, &configChange{Run: run}}
	})
	if err != nil || !done.Changed {
		return done, configError("restore", err)
	}
	if err := c.RestartActivator(ctx); err != nil {
		return done, err
	}
	return done, configError("restore", c.editPatiently(ctx, func(_ map[string]string, old *configChange) configPatch {
		if old == nil || old.Run != run {
			return configPatch{}
		}
		return configPatch{data: map[string]*string{}}
	}))
}

func configError(verb string, err error) error {
	if err == nil {
		return nil
	}
	return WithHint(fmt.Errorf("%s ConfigMap %s/%s: %w", verb, SystemNamespace, ObservabilityConfig, err), adviseRestore)
}

// editPatiently is editConfig for cleaning up.
func (c *Client) editPatiently(ctx context.Context, edit func(map[string]string, *configChange) configPatch) error {
	return retryPassing(ctx, func() error { return c.editConfig(ctx, edit) })
}

// editConfig patches the setting as edit says, which is given the values and the note of
// the change that stands, if there is one. It fails if somebody else changes the setting
// meanwhile.
func (c *Client) editConfig(ctx context.Context, edit func(map[string]string, *configChange) configPatch) error {
	configMaps := c.Kubernetes.CoreV1().ConfigMaps(SystemNamespace)
	m, err := configMaps.Get(ctx, ObservabilityConfig, metav1.GetOptions{})
	if err != nil {
		return err
	}
	old, err := readChange(m)
	if err != nil {
		return err
	}
	p := edit(m.Data, old)
	if p.data == nil {
		return nil
	}
	body, err := p.encode(m.ResourceVersion)
	if err != nil {
		return err
	}
	_, err = configMaps.Patch(ctx, ObservabilityConfig, types.MergePatchType, body, metav1.PatchOptions{})
	return err
}

// readChange reads the note on the ConfigMap; there may be none.
func readChange(m *corev1.ConfigMap) (*configChange, error) {
	text, noted := m.Annotations[annotationChange]
	if !noted {
		return nil, nil
	}
	var g configChange
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		return nil, fmt.Errorf("read annotation %s: %w", annotationChange, err)
	}
	return &g, nil
}
