package ksvc

import (
	"context"
	"fmt"
	"time"
)

// DefaultGracePeriod is Knative's own scale-to-zero-grace-period.
const DefaultGracePeriod = 30 * time.Second

// GracePeriod is the cluster's scale-to-zero-grace-period: how long Knative keeps
// the last pod for the network to turn to the activator.
func (c *Client) GracePeriod(ctx context.Context) (time.Duration, error) {
	config, err := c.config(ctx, "config-autoscaler")
	if err != nil {
		return 0, err
	}
	text, set := config["scale-to-zero-grace-period"]
	if !set {
		return DefaultGracePeriod, nil
	}
	grace, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("read scale-to-zero-grace-period: %w", err)
	}
	return grace, nil
}
