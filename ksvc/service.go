package ksvc

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Bounds of the autoscaler's stable window, as Knative's webhook has them.
const (
	minWindow = 6 * time.Second
	maxWindow = time.Hour
)

// ValidateService says what in a service no cluster would accept.
func ValidateService(s templates.Service) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p := validation.IsDNS1035Label(s.Name); len(p) > 0 {
		bad("service name %q: %s", s.Name, p[0])
	}
	if s.Image == "" && s.Manifest == nil {
		bad("service %s has no image", s.Name)
	}
	if w := s.StableWindow; w != 0 && (w < minWindow || w > maxWindow || w%time.Second != 0) {
		bad("stable window %v is not whole seconds between %v and %v", w, minWindow, maxWindow)
	}
	if s.Timeout < 0 || s.Timeout%time.Second != 0 {
		bad("revision timeout %v is not whole seconds", s.Timeout)
	}
	for _, quantities := range []map[string]string{s.Requests, s.Limits} {
		for name, q := range quantities {
			if _, err := resource.ParseQuantity(q); err != nil {
				bad("%s %q: %w", name, q, err)
			}
		}
	}
	return errors.Join(errs...)
}

// newService makes s a Service of the run.
func newService(run string, s templates.Service) (*servingv1.Service, error) {
	service, _, err := renderService(run, s)
	return service, err
}

// renderService makes s a Service of the run, and says what it changed of what the
// user wrote.
func renderService(run string, s templates.Service) (*servingv1.Service, []string, error) {
	if err := ValidateRun(run); err != nil {
		return nil, nil, err
	}
	if err := ValidateService(s); err != nil {
		return nil, nil, err
	}
	if s.Manifest != nil {
		return fromManifest(run, s)
	}
	service, err := fromTemplate(run, s)
	return service, nil, err
}

// fromTemplate fills in the template. An unknown field is an error, so that it is
// noticed when the template and Knative's types drift apart.
func fromTemplate(run string, s templates.Service) (*servingv1.Service, error) {
	labels := maps.Clone(s.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, runLabels(run, s.RuntimeClass, s.Variant))
	s.Labels = labels
	if s.Requests == nil {
		s.Requests = map[string]string{}
	}
	if s.Limits == nil {
		s.Limits = map[string]string{}
	}
	text, err := templates.RenderService(s)
	if err != nil {
		return nil, err
	}
	var service servingv1.Service
	if err := yaml.UnmarshalStrict(text, &service); err != nil {
		return nil, fmt.Errorf("render service %s: %w", s.Name, err)
	}
	return &service, nil
}
