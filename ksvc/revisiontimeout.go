package ksvc

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

const (
	maxRevisionTimeoutKey = "max-revision-timeout-seconds"
	// defaultMaxRevisionTimeout is Knative's own, in seconds.
	defaultMaxRevisionTimeout = "600"
)

// MaxRevisionTimeout is the longest that the cluster lets a revision take: after
// it Knative answers 504, however long a client would wait.
func (c *Client) MaxRevisionTimeout(ctx context.Context) (time.Duration, error) {
	config, err := c.config(ctx, "config-defaults")
	if err != nil {
		return 0, err
	}
	text, set := config[maxRevisionTimeoutKey]
	if !set {
		text = defaultMaxRevisionTimeout
	}
	return parseRevisionTimeout(text)
}

func parseRevisionTimeout(text string) (time.Duration, error) {
	seconds, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s %q is no number", maxRevisionTimeoutKey, text)
	}
	return time.Duration(seconds) * time.Second, nil
}
