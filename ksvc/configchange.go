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

// annotationPrevious holds, on a ConfigMap that was changed, the values before
// the change: JSON, from key to value, null for a key that was absent. It is on
// the object itself so that a run that was killed can still be undone.
const annotationPrevious = "kn-coldstart.dev/previous"

// ConfigChange is a change to one of Knative's ConfigMaps that can be undone, even
// by another process: see RestoreConfig.
type ConfigChange struct {
	Client    *Client
	ConfigMap string
	Values    map[string]string
}

// TracingChange makes Knative send its traces to an OTLP endpoint: protocol is
// "grpc" or "http/protobuf", rate the share of requests from 0 to 1.
//
// Queue-proxies of services that are created afterwards follow the setting. The
// activator reads it only when it starts: see RestartActivator.
func (c *Client) TracingChange(protocol, endpoint string, rate float64) ConfigChange {
	return ConfigChange{Client: c, ConfigMap: ObservabilityConfig, Values: map[string]string{
		"tracing-protocol":      protocol,
		"tracing-endpoint":      endpoint,
		"tracing-sampling-rate": strconv.FormatFloat(rate, 'g', -1, 64),
	}}
}

// Apply makes the change and notes the values before it on the ConfigMap. If an
// earlier change was not undone yet, the values before that one stay noted.
func (g ConfigChange) Apply(ctx context.Context) error {
	return g.Client.updateConfig(ctx, "change", g.ConfigMap, func(m *corev1.ConfigMap) (configPatch, error) {
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

// RestoreConfig puts back what a ConfigChange replaced in Knative's settings,
// whoever applied it. It says whether there was something to undo.
func (c *Client) RestoreConfig(ctx context.Context) (bool, error) {
	restored := false
	if err := c.Reach(ctx); err != nil {
		return false, fmt.Errorf("restore ConfigMap %s/%s: %w", SystemNamespace, ObservabilityConfig, err)
	}
	err := c.updateConfig(ctx, "restore", ObservabilityConfig, func(m *corev1.ConfigMap) (configPatch, error) {
		if _, changed := m.Annotations[annotationPrevious]; !changed {
			return configPatch{}, nil
		}
		restored = true
		before, err := previous(m)
		return configPatch{data: before}, err
	})
	return restored, err
}

// configPatch is what becomes of a ConfigMap: its values by key. A nil value removes
// the key, and a nil map changes nothing.
type configPatch struct {
	data     map[string]*string
	previous *string // nil removes the note
}

var adviseRestore = NewAdvice("run `kn-coldstart clean` to put the setting back, or edit the ConfigMap: its annotation " + annotationPrevious + " has the values")

// updateConfig patches a ConfigMap as edit says, and again if someone else changed
// it meanwhile. The verb is for the error.
func (c *Client) updateConfig(ctx context.Context, verb, name string, edit func(*corev1.ConfigMap) (configPatch, error)) error {
	configMaps := c.Kubernetes.CoreV1().ConfigMaps(SystemNamespace)
	err := retryBusy(ctx, createBackoff, func() error {
		m, err := configMaps.Get(ctx, name, metav1.GetOptions{})
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
		_, err = configMaps.Patch(ctx, name, types.MergePatchType, body, metav1.PatchOptions{})
		return err
	})
	if err != nil {
		return WithHint(fmt.Errorf("%s ConfigMap %s/%s: %w", verb, SystemNamespace, name, err), adviseRestore)
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
