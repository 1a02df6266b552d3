package templates

import (
	_ "embed"
	"time"
)

//go:embed service.yaml
var serviceText string

var serviceTemplate = parse("service.yaml", serviceText)

// Service is one Knative Service under test.
type Service struct {
	Name      string
	Namespace string
	// Labels go onto the service and onto its pods.
	Labels map[string]string
	// Variant is the side of an A/B run, which becomes a label; empty in other runs.
	Variant string
	// RuntimeClass is the name of the Kubernetes object; when it is empty or
	// DefaultClass, pods run with the node's default.
	RuntimeClass string
	Image        string
	Env          map[string]string
	Pod
	// Manifest, when set, is what the user wrote instead: then Env, Pod, Requests and
	// Limits do not count.
	Manifest *Manifest
	// Requests and Limits are quantities, by the names of resources.
	Requests map[string]string
	Limits   map[string]string
	// InitialScale is how many instances there are before the first request, and MinScale
	// how many there always are.
	InitialScale, MinScale int
	// StableWindow is the autoscaler's, in whole seconds; when zero, the cluster's.
	StableWindow time.Duration
	// Timeout is the revision's own, in whole seconds; when zero, the cluster's. After
	// it Knative answers 504, even if the client would wait longer.
	Timeout time.Duration
}

// RuntimeClassName is what the service says of its RuntimeClass; it is empty where that
// is left to the cluster.
func (s Service) RuntimeClassName() string {
	if s.RuntimeClass == DefaultClass {
		return ""
	}
	return s.RuntimeClass
}

// RenderService fills in service.yaml.
func RenderService(s Service) ([]byte, error) { return render(serviceTemplate, s) }
