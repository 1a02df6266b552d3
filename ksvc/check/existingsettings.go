package check

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"knative.dev/pkg/kmap"
	"knative.dev/serving/pkg/apis/autoscaling"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Knative's own values of the settings that decide when a service returns to zero, and
// of how long a service may take to answer.
const (
	defaultStableWindow    = time.Minute
	defaultRevisionTimeout = 5 * time.Minute
)

// revisionTimeoutKey is the key of ConfigMap config-defaults for how long a service that
// says nothing itself may take to answer.
const revisionTimeoutKey = "revision-timeout-seconds"

// scaling is how a service is set to scale: by its own annotation, under whichever of
// its names, or else by the cluster's setting. It also says where that stands.
func (r *reader) scaling(ctx context.Context, s *servingv1.Service, annotation kmap.KeyPriority, key, fallback string) (value, where string, err error) {
	if name, value, there := annotation.Get(s.Spec.Template.Annotations); there {
		return value, "annotation " + name, nil
	}
	value, err = r.setting(ctx, ksvc.AutoscalerConfig, key, fallback)
	return value, key + " in ConfigMap " + ksvc.AutoscalerConfig, err
}

// describeService is a service that can be measured, as the run has to know it.
func (r *reader) describeService(ctx context.Context, s *servingv1.Service) (record.ExistingService, error) {
	spec := &s.Spec.Template.Spec
	e := record.ExistingService{
		Name: s.Name, RuntimeClass: templates.DefaultClass, Revision: s.Status.LatestReadyRevisionName, Image: servingImage(spec.Containers),
	}
	if spec.RuntimeClassName != nil && *spec.RuntimeClassName != "" {
		e.RuntimeClass = *spec.RuntimeClassName
	}
	var errs []error
	for _, setting := range []struct {
		into       *time.Duration
		annotation kmap.KeyPriority
		key        string
		fallback   time.Duration
	}{
		{&e.StableWindow, autoscaling.WindowAnnotation, "stable-window", defaultStableWindow},
		{&e.ScaleDownDelay, autoscaling.ScaleDownDelayAnnotation, "scale-down-delay", 0},
		{&e.PodRetention, autoscaling.ScaleToZeroPodRetentionPeriodAnnotation, "scale-to-zero-pod-retention-period", 0},
	} {
		value, where, err := r.scaling(ctx, s, setting.annotation, setting.key, setting.fallback.String())
		if err == nil {
			*setting.into, err = time.ParseDuration(value)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("read %s: %w", where, err))
		}
	}
	var errGrace, errTimeout error
	e.GracePeriod, errGrace = r.gracePeriod(ctx) // no service has one of its own
	e.Timeout, errTimeout = r.timeoutOf(ctx, spec)
	return e, errors.Join(append(errs, errGrace, errTimeout)...)
}

// timeoutOf is how long a revision may take to answer.
func (r *reader) timeoutOf(ctx context.Context, spec *servingv1.RevisionSpec) (time.Duration, error) {
	if spec.TimeoutSeconds != nil {
		return time.Duration(*spec.TimeoutSeconds) * time.Second, nil
	}
	fallback := strconv.Itoa(int(defaultRevisionTimeout / time.Second))
	text, err := r.setting(ctx, ksvc.DefaultsConfig, revisionTimeoutKey, fallback)
	if err != nil {
		return 0, err
	}
	seconds, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s %q is no number", revisionTimeoutKey, text)
	}
	return time.Duration(seconds) * time.Second, nil
}

// servingImage is that of the container that serves requests: the only one, or the one
// that has a port, as Knative has it.
func servingImage(containers []corev1.Container) string {
	for _, c := range containers {
		if len(containers) == 1 || len(c.Ports) > 0 {
			return c.Image
		}
	}
	return ""
}

// describeServices are the existing services that the run measures, once the checks have
// passed.
func (r *reader) describeServices(ctx context.Context) ([]record.ExistingService, error) {
	var all []record.ExistingService
	for _, name := range r.needs.Services {
		s, err := r.service(ctx, name)
		if err != nil {
			return nil, err
		}
		e, err := r.describeService(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}
