package watch

import (
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// scope says which services a watch follows. They are those that a run created, or those
// that existed before the run. Only the former have labels of ours; what the latter are
// counted under is known from their names.
type scope struct {
	run string
	// existing has what each service that existed before is counted under, by name. It is
	// nil where the run creates its services.
	existing map[string]record.Key
}

// ofRun is the scope of the services that a run creates.
func ofRun(run string) scope { return scope{run: run} }

// ofExisting is the scope of services that existed before the run.
func ofExisting(services []record.ExistingService) scope {
	s := scope{existing: map[string]record.Key{}}
	for _, one := range services {
		s.existing[one.Name] = one.Key()
	}
	return s
}

func (s scope) validate() error {
	if s.existing != nil {
		return nil
	}
	return ksvc.ValidateRun(s.run)
}

// services selects the services themselves. Those that existed before cannot be selected
// by a label, because Knative puts the label with a service's name only on what it makes
// of the service. Then all services of the namespace are listed; see follows.
func (s scope) services() metav1.ListOptions {
	if s.existing != nil {
		return metav1.ListOptions{}
	}
	return s.parts()
}

// parts selects what Knative makes of the services: deployments, pods and so on.
func (s scope) parts() metav1.ListOptions {
	if s.existing == nil {
		return metav1.ListOptions{LabelSelector: ksvc.Selector(s.run)}
	}
	names := slices.Sorted(maps.Keys(s.existing))
	return metav1.ListOptions{LabelSelector: labelService + " in (" + strings.Join(names, ",") + ")"}
}

// follows says whether a service that was listed is one of those that are followed.
func (s scope) follows(service string) bool {
	if s.existing == nil {
		return true
	}
	_, is := s.existing[service]
	return is
}

// key is what a service is counted under; labels are those of an object that belongs to it.
func (s scope) key(service string, labels map[string]string) record.Key {
	if s.existing != nil {
		return s.existing[service]
	}
	return record.Key{RuntimeClass: labels[ksvc.LabelRuntimeClass], Variant: labels[ksvc.LabelVariant]}
}
