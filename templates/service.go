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
	// Labels go onto the service and onto the pods.
	Labels map[string]string
	// Annotations are added to the template's own, such as those that a
	// runtime's handler reads.
	Annotations map[string]string
	// Variant is the side of an A/B run, which becomes a label; empty in other runs.
	Variant string
	// RuntimeClass is the Kubernetes object's name; empty leaves the node's
	// default.
	RuntimeClass string
	Image        string
	// ImagePullPolicy is Always, IfNotPresent or Never; empty leaves
	// Kubernetes' default.
	ImagePullPolicy string
	Arguments       []string
	Env             map[string]string
	// Requests and Limits are Kubernetes quantities by resource name.
	Requests map[string]string
	Limits   map[string]string
	// Concurrency is how many requests one instance serves at once; 0 is no
	// limit.
	Concurrency int64
	// MaxScale bounds the instances of the service; 0 is no bound.
	MaxScale int
	// StableWindow is the autoscaler's, in whole seconds; 0 leaves the
	// cluster's.
	StableWindow time.Duration
	// Timeout is the revision's own, after which Knative answers 504 however
	// long the client would wait; 0 leaves the cluster's.
	Timeout time.Duration
}

// RenderService fills in service.yaml.
func RenderService(s Service) ([]byte, error) { return render(serviceTemplate, s) }
