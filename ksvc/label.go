package ksvc

import (
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"knative.dev/serving/pkg/apis/serving"
)

// Labels of everything that this program creates. They stand on the Service and
// on its revision template, from where Knative copies them to the revision, the
// deployment, the pods, the PodAutoscaler and the ServerlessService.
const (
	LabelManagedBy    = "app.kubernetes.io/managed-by"
	LabelRun          = "kn-coldstart.dev/run"
	LabelRuntimeClass = "kn-coldstart.dev/runtime-class"
	// LabelVariant is given with the service, where a run has two sides.
	LabelVariant = "kn-coldstart.dev/variant"

	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "kn-coldstart"
)

// Knative's own labels and names that the watches rely on.
const (
	labelRevision  = serving.RevisionLabelKey
	labelService   = serving.ServiceLabelKey
	queueProxyName = "queue-proxy"

	systemNamespace = "knative-serving"
)

// runLabels are the labels of one service of a run.
func runLabels(run, class string) map[string]string {
	l := map[string]string{LabelManagedBy: ManagedBy, LabelRun: run}
	if class != "" {
		l[LabelRuntimeClass] = class
	}
	return l
}

// selector matches what a run created; an empty run matches every run's.
func selector(run string) string {
	set := labels.Set{LabelManagedBy: ManagedBy}
	if run != "" {
		set[LabelRun] = run
	}
	return set.String()
}

func validateRun(run string) error {
	if run == "" {
		return fmt.Errorf("run id is empty")
	}
	if problems := validation.IsValidLabelValue(run); len(problems) > 0 {
		return fmt.Errorf("run id %q cannot be a label: %s", run, problems[0])
	}
	return nil
}
