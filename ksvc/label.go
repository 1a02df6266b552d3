package ksvc

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Labels of everything that this program creates. They stand on the Service and
// on its revision template. From there Knative copies them to the revision, the
// deployment, the pods, the PodAutoscaler and the ServerlessService.
const (
	LabelManagedBy    = "app.kubernetes.io/managed-by"
	LabelRun          = "kn-coldstart.dev/run"
	LabelRuntimeClass = "kn-coldstart.dev/runtime-class"
	// LabelVariant names the side of a run that has two.
	LabelVariant = "kn-coldstart.dev/variant"

	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "kn-coldstart"
)

// runLabels are the labels of one service of a run.
func runLabels(run, class, variant string) map[string]string {
	l := map[string]string{LabelManagedBy: ManagedBy, LabelRun: run}
	if class != "" {
		l[LabelRuntimeClass] = class
	}
	if variant != "" {
		l[LabelVariant] = variant
	}
	return l
}

// Selector matches what the runs created. Without any it stands for every run.
func Selector(runs ...string) string {
	selector := LabelManagedBy + "=" + ManagedBy
	if len(runs) > 0 {
		selector += "," + LabelRun + " in (" + strings.Join(runs, ",") + ")"
	}
	return selector
}

// ValidateRun says why a run's id cannot be the value of a label.
func ValidateRun(run string) error {
	if run == "" {
		return errors.New("run id is empty")
	}
	if problems := validation.IsValidLabelValue(run); len(problems) > 0 {
		return fmt.Errorf("run id %q cannot be a label: %s", run, problems[0])
	}
	return nil
}

var adviseNamespace = NewAdvice("name a namespace of lower-case letters, digits and dashes with --namespace")

// ValidateNamespace says why a name cannot be that of a namespace.
func ValidateNamespace(name string) error {
	if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
		return WithHint(fmt.Errorf("namespace %q: %s", name, problems[0]), adviseNamespace)
	}
	return nil
}
