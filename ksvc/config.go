package ksvc

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SystemNamespace is the namespace of Knative Serving itself.
const SystemNamespace = "knative-serving"

// The names of Knative's ConfigMaps. Package config of knative.dev/networking has that
// of the network's.
const (
	AutoscalerConfig = "config-autoscaler"
	DefaultsConfig   = "config-defaults"
	DeploymentConfig = "config-deployment"
	DomainConfig     = "config-domain"
	FeaturesConfig   = "config-features"
	// ObservabilityConfig has the settings of tracing.
	ObservabilityConfig = "config-observability"
)

// exampleKey is a key that each of Knative's ConfigMaps has. Its value documents the
// others and has no effect.
const exampleKey = "_example"

// Config is the data of one of Knative's ConfigMaps, without the example in it.
// Knative's default applies for a key that is absent.
func (c *Client) Config(ctx context.Context, name string) (map[string]string, error) {
	m, err := c.Kubernetes.CoreV1().ConfigMaps(SystemNamespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read ConfigMap %s/%s: %w", SystemNamespace, name, err)
	}
	delete(m.Data, exampleKey)
	return m.Data, nil
}
