package ksvc

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"

	yamlnode "go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	strictjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/templates"
)

// manifest is a Service that a user wrote, with the places of its fields in the file.
type manifest struct {
	file    string
	root    *yamlnode.Node
	service *servingv1.Service
	// serving is the place of the container that serves requests.
	serving int
}

// Written is what a run has to know of a manifest.
type Written struct {
	// RuntimeClass is the file's runtimeClassName; "" where it has none.
	RuntimeClass string
	// Image is that of the container that serves requests.
	Image string
	// MaxScale is how many instances there may be; zero stands for any number.
	MaxScale int
}

// ReadManifest reads a file with one Knative Service. An error names the line. A field
// that Knative does not have is one, and so is a Service that cannot be measured, because
// it does not scale to zero.
func ReadManifest(m *templates.Manifest) (Written, error) {
	parsed, err := parseManifest(m)
	if err != nil {
		return Written{}, err
	}
	w := Written{Image: parsed.container(parsed.service).Image, MaxScale: parsed.maxScale()}
	if name := parsed.service.Spec.Template.Spec.RuntimeClassName; name != nil {
		w.RuntimeClass = *name
	}
	return w, nil
}

func parseManifest(written *templates.Manifest) (*manifest, error) {
	m := &manifest{file: written.File, service: &servingv1.Service{}}
	if err := m.readDocument(written.Text); err != nil {
		return nil, err
	}
	if err := m.checkKind(); err != nil {
		return nil, err
	}
	if err := m.checkKeys(m.root); err != nil {
		return nil, err
	}
	if err := m.decode(written.Text); err != nil {
		return nil, err
	}
	return m, errors.Join(m.findServing(), m.checkScaling())
}

// at is an error about a line of the file.
func (m *manifest) at(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", m.file, line, fmt.Sprintf(format, args...))
}

// lineInError is how package yaml names a line.
var lineInError = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

// readDocument finds the one document of the file.
func (m *manifest) readDocument(text []byte) error {
	decoder := yamlnode.NewDecoder(bytes.NewReader(text))
	for {
		var document yamlnode.Node
		err := decoder.Decode(&document)
		switch {
		case errors.Is(err, io.EOF) && m.root == nil:
			return m.at(1, "the file is empty: want a Knative Service")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			if found := lineInError.FindStringSubmatch(err.Error()); found != nil {
				return fmt.Errorf("%s:%s: %s", m.file, found[1], found[2])
			}
			return fmt.Errorf("%s: %w", m.file, err)
		}
		content := document.Content[0]
		switch {
		case m.root == nil:
			m.root = content
		case content.Tag != "!!null": // nothing behind the last "---"
			return m.at(content.Line, "a second document begins: want one Knative Service")
		}
	}
}

func (m *manifest) checkKind() error {
	if m.root.Kind != yamlnode.MappingNode {
		return m.at(m.root.Line, "want a Knative Service")
	}
	for _, want := range []struct{ field, value string }{{"apiVersion", servingv1.SchemeGroupVersion.String()}, {"kind", "Service"}} {
		key, value := field(m.root, want.field)
		if key == nil {
			return m.at(m.root.Line, "%s is missing: want %s, a Knative Service", want.field, want.value)
		}
		if value.Value != want.value {
			return m.at(key.Line, "%s is %q: want %s, a Knative Service", want.field, value.Value, want.value)
		}
	}
	return nil
}

// checkKeys refuses a key that stands twice in a mapping.
func (m *manifest) checkKeys(n *yamlnode.Node) error {
	seen := map[string]bool{}
	for i, child := range n.Content {
		if n.Kind == yamlnode.MappingNode && i%2 == 0 {
			if seen[child.Value] {
				return m.at(child.Line, "field %q stands here a second time", child.Value)
			}
			seen[child.Value] = true
			continue
		}
		if err := m.checkKeys(child); err != nil {
			return err
		}
	}
	return nil
}

// embedded are the names of embedded structs, which package encoding/json puts into the
// path of a field. The names of fields begin in lower case.
var embedded = regexp.MustCompile(`\b[A-Z]\w*\.`)

// decode reads the service. Every field has to be one of Knative's, and of its type.
func (m *manifest) decode(text []byte) error {
	document, err := yaml.YAMLToJSON(text)
	if err != nil {
		return fmt.Errorf("%s: %w", m.file, err)
	}
	unknown, err := strictjson.UnmarshalStrict(document, m.service)
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mistyped):
		path := embedded.ReplaceAllString(mistyped.Field, "")
		return m.at(lineOf(m.root, path, mistyped.Value), "%s is a %s: want %v", path, mistyped.Value, mistyped.Type)
	case err != nil:
		return fmt.Errorf("%s: %w", m.file, err)
	}
	var errs []error
	for _, one := range unknown {
		path := ""
		if located, ok := one.(strictjson.FieldError); ok {
			path = located.FieldPath()
		}
		errs = append(errs, m.at(lineOf(m.root, path, ""), "%v: a Knative Service has none of that name", one))
	}
	return errors.Join(errs...)
}

// findServing finds the container that serves requests: the only one, or the one that
// has a port, as Knative has it.
func (m *manifest) findServing() error {
	containers := m.service.Spec.Template.Spec.Containers
	if len(containers) == 0 {
		return m.at(lineOf(m.root, "spec.template.spec.containers", ""), "spec.template.spec.containers is missing or empty")
	}
	if len(containers) > 1 {
		m.serving = slices.IndexFunc(containers, func(c corev1.Container) bool { return len(c.Ports) > 0 })
	}
	if m.serving < 0 {
		return m.at(lineOf(m.root, "spec.template.spec.containers", ""), "none of the %d containers has a port: Knative sends requests to the one that has", len(containers))
	}
	if containers[m.serving].Image == "" {
		return m.at(lineOf(m.root, fmt.Sprintf("spec.template.spec.containers[%d]", m.serving), ""), "the container that serves requests has no image")
	}
	return nil
}

// container is the one that serves requests.
func (m *manifest) container(s *servingv1.Service) *corev1.Container {
	return &s.Spec.Template.Spec.Containers[m.serving]
}

const (
	annotationClass        = "autoscaling.knative.dev/class"
	annotationInitialScale = "autoscaling.knative.dev/initial-scale"
	annotationMinScale     = "autoscaling.knative.dev/min-scale"
	annotationMaxScale     = "autoscaling.knative.dev/max-scale"
	annotationWindow       = "autoscaling.knative.dev/window"

	// classKPA is Knative's own autoscaler, the only one that scales to zero.
	classKPA = "kpa.autoscaling.knative.dev"
)

// otherSpelling is what Knative takes as well as the names of annotations.
var otherSpelling = map[string]string{
	annotationInitialScale: "autoscaling.knative.dev/initialScale",
	annotationMinScale:     "autoscaling.knative.dev/minScale",
	annotationMaxScale:     "autoscaling.knative.dev/maxScale",
}

var (
	adviseScale      = NewAdvice("remove the annotation: without it the service starts no instance by itself; load has --warm and --min-scale")
	adviseAutoscaler = NewAdvice("remove the annotation: Knative's own autoscaler is the one that scales to zero")
)

// checkScaling refuses a service that has an instance before its first request.
func (m *manifest) checkScaling() error {
	annotations := m.service.Spec.Template.Annotations
	for _, name := range []string{annotationMinScale, annotationInitialScale} {
		for _, spelt := range []string{name, otherSpelling[name]} {
			value, there := annotations[spelt]
			if n, err := strconv.Atoi(value); there && (err != nil || n > 0) {
				return WithHint(m.at(m.annotationLine(spelt), "%s is %q: a service that always has an instance has no cold start", spelt, value), adviseScale)
			}
		}
	}
	if class, there := annotations[annotationClass]; there && class != classKPA {
		return WithHint(m.at(m.annotationLine(annotationClass), "%s is %q: that autoscaler does not scale to zero", annotationClass, class), adviseAutoscaler)
	}
	return nil
}

// maxScale is how many instances there may be. What is no number is for Knative to refuse.
func (m *manifest) maxScale() int {
	annotations := m.service.Spec.Template.Annotations
	n, _ := strconv.Atoi(cmp.Or(annotations[annotationMaxScale], annotations[otherSpelling[annotationMaxScale]]))
	return n
}

func (m *manifest) annotationLine(name string) int {
	n := m.root
	for _, step := range []string{"spec", "template", "metadata", "annotations"} {
		if _, n = field(n, step); n == nil {
			return m.root.Line
		}
	}
	key, _ := field(n, name)
	return cmp.Or(key, n).Line
}
