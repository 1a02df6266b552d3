package check

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Knative's own values of settings, where its ConfigMaps say nothing else.
const (
	defaultGracePeriod        = 30 * time.Second
	defaultMaxRevisionTimeout = 10 * time.Minute
)

const (
	gracePeriodKey        = "scale-to-zero-grace-period"
	maxRevisionTimeoutKey = "max-revision-timeout-seconds"
)

// duration reads a setting that is a duration. If it cannot be read, the fallback
// comes with the error.
func (r *reader) duration(ctx context.Context, configMap, key string, fallback time.Duration) (time.Duration, error) {
	value, err := r.setting(ctx, configMap, key, fallback.String())
	if err != nil {
		return fallback, err
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return fallback, fmt.Errorf("read %s: %w", key, err)
	}
	return d, nil
}

// gracePeriod is how long Knative keeps the last pod of a service for the network to
// turn to the activator.
func (r *reader) gracePeriod(ctx context.Context) (time.Duration, error) {
	return r.duration(ctx, "config-autoscaler", gracePeriodKey, defaultGracePeriod)
}

// maxRevisionTimeout is the longest that the cluster lets a revision take. After it
// Knative answers 504, however long a client would wait.
func (r *reader) maxRevisionTimeout(ctx context.Context) (time.Duration, error) {
	fallback := strconv.Itoa(int(defaultMaxRevisionTimeout / time.Second))
	text, err := r.setting(ctx, "config-defaults", maxRevisionTimeoutKey, fallback)
	if err != nil {
		return defaultMaxRevisionTimeout, err
	}
	seconds, err := strconv.Atoi(text)
	if err != nil {
		return defaultMaxRevisionTimeout, &badSetting{fmt.Errorf("%s %q is no number", maxRevisionTimeoutKey, text)}
	}
	return time.Duration(seconds) * time.Second, nil
}

// badSetting is a setting that makes no sense, unlike one that could not be read.
type badSetting struct{ error }
