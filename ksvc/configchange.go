package ksvc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// annotationPrevious holds, on a ConfigMap that was changed, the values before
// the change: JSON, from key to value, null for a key that was absent. It is on
// the object itself so that a run that was killed can still be undone.
const annotationPrevious = "kn-coldstart.dev/previous"

// annotationRestarted makes a deployment replace its pods.
const annotationRestarted = "kn-coldstart.dev/restarted-at"

const observabilityConfig = "config-observability"

// ConfigChange is a change to one of Knative's ConfigMaps that can be undone,
// even by another process.
type ConfigChange struct {
	Client    *Client
	ConfigMap string
	Values    map[string]string
}

// TracingChange makes Knative send its traces to an OTLP endpoint: protocol is
// "grpc" or "http/protobuf", rate the share of requests from 0 to 1.
//
// Queue-proxies of services that are created afterwards follow the setting. The
// activator reads it once, when it starts: RestartActivator makes it.
func (c *Client) TracingChange(protocol, endpoint string, rate float64) ConfigChange {
	return ConfigChange{Client: c, ConfigMap: observabilityConfig, Values: map[string]string{
		"tracing-protocol":      protocol,
		"tracing-endpoint":      endpoint,
		"tracing-sampling-rate": strconv.FormatFloat(rate, 'g', -1, 64),
	}}
}

// Apply makes the change. Values that an earlier change, not yet undone, has
// remembered stay the ones to go back to.
func (g ConfigChange) Apply(ctx context.Context) error {
	return g.update(ctx, "change", func(m *corev1.ConfigMap) (configPatch, error) {
		before, err := previous(m)
		if err != nil {
			return configPatch{}, err
		}
		p := configPatch{data: map[string]*string{}}
		for key, value := range g.Values {
			if _, known := before[key]; !known {
				before[key] = lookup(m.Data, key)
			}
			p.data[key] = &value
		}
		note, err := json.Marshal(before)
		text := string(note)
		p.previous = &text
		return p, err
	})
}

// Restore puts back what Apply replaced, whoever applied it, and does nothing to
// a ConfigMap that was not changed.
func (g ConfigChange) Restore(ctx context.Context) error {
	return g.update(ctx, "restore", func(m *corev1.ConfigMap) (configPatch, error) {
		if _, changed := m.Annotations[annotationPrevious]; !changed {
			return configPatch{}, nil
		}
		before, err := previous(m)
		return configPatch{data: before}, err
	})
}

// RestoreConfig undoes what a killed run left changed in Knative's ConfigMaps.
// It says whether there was something.
func (c *Client) RestoreConfig(ctx context.Context) (bool, error) {
	m, err := c.Kubernetes.CoreV1().ConfigMaps(systemNamespace).Get(ctx, observabilityConfig, metav1.GetOptions{})
	if err != nil {
		return false, fmt.Errorf("read ConfigMap %s/%s: %w", systemNamespace, observabilityConfig, err)
	}
	if _, changed := m.Annotations[annotationPrevious]; !changed {
		return false, nil
	}
	return true, ConfigChange{Client: c, ConfigMap: observabilityConfig}.Restore(ctx)
}

// configPatch is what becomes of a ConfigMap: values by key, nil removes one.
type configPatch struct {
	data     map[string]*string
	previous *string // nil removes the note
}

// update patches the ConfigMap as edit says, and again if someone else changed
// it meanwhile.
func (g ConfigChange) update(ctx context.Context, verb string, edit func(*corev1.ConfigMap) (configPatch, error)) error {
	configMaps := g.Client.Kubernetes.CoreV1().ConfigMaps(systemNamespace)
	err := retryBusy(ctx, createBackoff, func() error {
		m, err := configMaps.Get(ctx, g.ConfigMap, metav1.GetOptions{})
		if err != nil {
			return err
		}
		p, err := edit(m)
		if err != nil || p.data == nil {
			return err
		}
		body, err := p.encode(m.ResourceVersion)
		if err != nil {
			return err
		}
		_, err = configMaps.Patch(ctx, g.ConfigMap, types.MergePatchType, body, metav1.PatchOptions{})
		return err
	})
	if err != nil {
		return withHint(fmt.Errorf("%s ConfigMap %s/%s: %w", verb, systemNamespace, g.ConfigMap, err),
			"run `kn-coldstart clean` to put the setting back, or edit the ConfigMap: its annotation "+annotationPrevious+" has the values")
	}
	return nil
}

// encode makes a merge patch that fails if the object is another version.
func (p configPatch) encode(version string) ([]byte, error) {
	metadata := map[string]any{"annotations": map[string]*string{annotationPrevious: p.previous}}
	if version != "" {
		metadata["resourceVersion"] = version
	}
	return json.Marshal(map[string]any{"metadata": metadata, "data": p.data})
}

// previous reads the note on a ConfigMap; there may be none.
func previous(m *corev1.ConfigMap) (map[string]*string, error) {
	before := map[string]*string{}
	text, noted := m.Annotations[annotationPrevious]
	if !noted {
		return before, nil
	}
	if err := json.Unmarshal([]byte(text), &before); err != nil {
		return nil, fmt.Errorf("read annotation %s: %w", annotationPrevious, err)
	}
	return before, nil
}

func lookup(m map[string]string, key string) *string {
	if value, there := m[key]; there {
		return &value
	}
	return nil
}

// RestartActivator replaces the activator's pods, so that it reads its settings
// anew, and returns when the new ones serve.
func (c *Client) RestartActivator(ctx context.Context) error {
	deployments := c.Kubernetes.AppsV1().Deployments(systemNamespace)
	body := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{%q:%q}}}}}`,
		annotationRestarted, time.Now().UTC().Format(time.RFC3339Nano))
	changed, err := deployments.Patch(ctx, activator, types.MergePatchType, body, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("restart deployment %s/%s: %w", systemNamespace, activator, err)
	}
	if err := c.awaitRollout(ctx, changed.Generation); err != nil {
		return fmt.Errorf("wait for deployment %s/%s to restart: %w", systemNamespace, activator, err)
	}
	return nil
}

var errNotRolledOut = errors.New("its new pods are not ready")

// awaitRollout asks now and then: one deployment, a few seconds, not measured.
func (c *Client) awaitRollout(ctx context.Context, generation int64) error {
	for again := 100 * time.Millisecond; ; again = min(2*again, time.Second) {
		d, err := c.Kubernetes.AppsV1().Deployments(systemNamespace).Get(ctx, activator, metav1.GetOptions{})
		if err != nil {
			return err
		}
		s, want := d.Status, int32(1)
		if d.Spec.Replicas != nil {
			want = *d.Spec.Replicas
		}
		if s.ObservedGeneration >= generation && s.UpdatedReplicas == want && s.AvailableReplicas == want && s.Replicas == want {
			return nil
		}
		if pause(ctx, nil, again) != nil {
			return errors.Join(errNotRolledOut, ctx.Err())
		}
	}
}

// Keys are the changed keys in order, for messages.
func (g ConfigChange) Keys() []string { return slices.Sorted(maps.Keys(g.Values)) }
