package ksvc

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SystemNamespace is the namespace of Knative Serving itself.
const SystemNamespace = "knative-serving"

// ObservabilityConfig is the ConfigMap that has the settings of tracing.
const ObservabilityConfig = "config-observability"

// Config is the data of one of Knative's ConfigMaps. Knative's default applies for
// a key that is absent.
func (c *Client) Config(ctx context.Context, name string) (map[string]string, error) {
	m, err := c.Kubernetes.CoreV1().ConfigMaps(SystemNamespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read ConfigMap %s/%s: %w", SystemNamespace, name, err)
	}
	return m.Data, nil
}
