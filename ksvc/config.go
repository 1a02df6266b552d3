package ksvc

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// config is the data of one of Knative's ConfigMaps. A key that is absent stands
// for Knative's default.
func (c *Client) config(ctx context.Context, name string) (map[string]string, error) {
	m, err := c.Kubernetes.CoreV1().ConfigMaps(systemNamespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read ConfigMap %s/%s: %w", systemNamespace, name, err)
	}
	return m.Data, nil
}
