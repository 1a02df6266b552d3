package ksvc

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Bounds of the autoscaler's stable window.
const (
	minWindow = 6 * time.Second
	maxWindow = time.Hour
)

// nameLimit keeps a pod's name within 63 characters, so that the pod's hostname,
// which is how the function names itself, is not cut: Knative and Kubernetes add
// 34 to the service's name.
const nameLimit = 63 - 34

var notNameable = regexp.MustCompile(`[^a-z0-9]+`)

// ServiceName is the name of a run's i-th service of a class: unique among runs,
// readable, and short enough for pods to keep their name as hostname.
func ServiceName(run, class string, i int) string {
	sum := fnv.New32a()
	sum.Write([]byte(run))
	tail := fmt.Sprintf("-%06x-%d", sum.Sum32()&0xffffff, i)
	head := "cs-" + notNameable.ReplaceAllString(strings.ToLower(class), "-")
	if room := nameLimit - len(tail); len(head) > room {
		head = head[:room]
	}
	return strings.TrimRight(head, "-") + tail
}

// ValidateService says what in s no cluster would accept.
func ValidateService(s templates.Service) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p := validation.IsDNS1035Label(s.Name); len(p) > 0 {
		bad("service name %q: %s", s.Name, p[0])
	}
	if s.Image == "" {
		bad("service %s has no image", s.Name)
	}
	if w := s.StableWindow; w != 0 && (w < minWindow || w > maxWindow || w%time.Second != 0) {
		bad("stable window %v is not whole seconds between %v and %v", w, minWindow, maxWindow)
	}
	if s.Timeout < 0 || s.Timeout%time.Second != 0 {
		bad("revision timeout %v is not whole seconds", s.Timeout)
	}
	if s.Concurrency < 0 || s.MaxScale < 0 {
		bad("concurrency %d and max scale %d must not be negative", s.Concurrency, s.MaxScale)
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

// newService renders s as a Service of the run. Unknown fields are an error, so
// that the template and Knative's types cannot drift apart unnoticed.
func newService(run string, s templates.Service) (*servingv1.Service, error) {
	if err := validateRun(run); err != nil {
		return nil, err
	}
	if err := ValidateService(s); err != nil {
		return nil, err
	}
	labels := maps.Clone(s.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, runLabels(run, s.RuntimeClass))
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
