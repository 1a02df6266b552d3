package ksvc

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Changes says what a run changes in the manifests of its services, each change once.
// Nothing else in them is changed. It also says what is wrong with a service.
func (c *Client) Changes(run string, services []templates.Service) ([]string, error) {
	var all []string
	for _, s := range services {
		s.Namespace = c.Namespace
		_, changed, err := renderService(run, s)
		if err != nil {
			return nil, err
		}
		for _, one := range changed {
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return all, nil
}

// changing makes a user's Service one of a run, and keeps account of what it changes.
type changing struct {
	*manifest
	service *servingv1.Service
	changed []string
}

func (c *changing) say(field, format string, args ...any) {
	c.changed = append(c.changed, field+": "+fmt.Sprintf(format, args...))
}

// fromManifest is the Service that a user wrote, as a service of the run, with what
// was changed in it.
func fromManifest(run string, s templates.Service) (*servingv1.Service, []string, error) {
	m, err := parseManifest(s.Manifest)
	if err != nil {
		return nil, nil, err
	}
	c := &changing{manifest: m, service: m.service.DeepCopy()}
	c.identify(s)
	c.label(runLabels(run, s.RuntimeClass, s.Variant))
	c.unfix()
	c.scale(s)
	c.useClass(s.RuntimeClassName(), s.RuntimeClass)
	if image := c.container(c.service); s.Image != "" && image.Image != s.Image {
		image.Image = s.Image
		c.say(fmt.Sprintf("spec.template.spec.containers[%d].image", c.serving), "%s", s.Image)
	}
	c.outlast(s.Timeout)
	return c.service, c.changed, nil
}

// identify gives the service its name, and takes away what only a Service that exists
// has.
func (c *changing) identify(s templates.Service) {
	o := c.service
	c.say("metadata.name", "every service of the run has a name of its own")
	if o.Namespace != "" && o.Namespace != s.Namespace {
		c.say("metadata.namespace", "%s", s.Namespace)
	}
	own := metav1.ObjectMeta{Name: s.Name, Namespace: s.Namespace, Labels: o.Labels, Annotations: o.Annotations}
	rest := o.ObjectMeta
	rest.Name, rest.Namespace, rest.Labels, rest.Annotations = "", "", nil, nil
	if !isZeroMeta(rest) {
		c.say("metadata", "only name, namespace, labels and annotations are kept")
	}
	o.ObjectMeta = own
	if o.Status.ObservedGeneration != 0 || len(o.Status.Conditions) > 0 || o.Status.URL != nil {
		c.say("status", "removed")
	}
	o.Status = servingv1.ServiceStatus{}
}

func isZeroMeta(m metav1.ObjectMeta) bool {
	return m.GenerateName == "" && m.UID == "" && m.ResourceVersion == "" && m.Generation == 0 && m.CreationTimestamp.IsZero() &&
		m.DeletionTimestamp == nil && len(m.OwnerReferences) == 0 && len(m.Finalizers) == 0 && len(m.ManagedFields) == 0
}

func (c *changing) label(labels map[string]string) {
	for _, on := range []*map[string]string{&c.service.Labels, &c.service.Spec.Template.Labels} {
		if *on == nil {
			*on = map[string]string{}
		}
		maps.Copy(*on, labels)
	}
	c.say("metadata.labels and spec.template.metadata.labels", "those by which the run knows what is its own are added")
}

// unfix takes away what binds the service to revisions: every service of the run has
// one of its own.
func (c *changing) unfix() {
	if name := c.service.Spec.Template.Name; name != "" {
		c.service.Spec.Template.Name = ""
		c.say("spec.template.metadata.name", "removed, because every service has a revision of its own")
	}
	if len(c.service.Spec.Traffic) > 0 {
		c.service.Spec.Traffic = nil
		c.say("spec.traffic", "removed, because all traffic goes to the one revision")
	}
}

// scale has the service begin without an instance and return to none, or keep as many as
// the run wants.
func (c *changing) scale(s templates.Service) {
	template := &c.service.Spec.Template
	if template.Annotations == nil {
		template.Annotations = map[string]string{}
	}
	wanted := map[string]string{annotationInitialScale: strconv.Itoa(s.InitialScale), annotationMinScale: strconv.Itoa(s.MinScale)}
	if s.StableWindow != 0 {
		wanted[annotationWindow] = s.StableWindow.String()
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		delete(template.Annotations, otherSpelling[name])
		if template.Annotations[name] == wanted[name] {
			continue
		}
		template.Annotations[name] = wanted[name]
		c.say("spec.template.metadata.annotations", "%s is %s", name, wanted[name])
	}
}

// useClass sets the RuntimeClass, or none for the cluster's default runtime. Where no
// class is under test the file's own stays.
func (c *changing) useClass(name, class string) {
	const field = "spec.template.spec.runtimeClassName"
	spec := &c.service.Spec.Template.Spec
	switch {
	case class == "", spec.RuntimeClassName != nil && *spec.RuntimeClassName == name:
	case name != "":
		spec.RuntimeClassName = &name
		c.say(field, "%s", name)
	case spec.RuntimeClassName != nil:
		spec.RuntimeClassName = nil
		c.say(field, "removed: the default runtime is measured")
	}
}

// defaultTimeout is how long a revision may take to answer unless it or the cluster
// says otherwise: Knative's revision-timeout-seconds.
const defaultTimeout = 300

// outlast keeps Knative from giving up before the client does.
func (c *changing) outlast(timeout time.Duration) {
	wanted := int64(timeout / time.Second)
	spec := &c.service.Spec.Template.Spec
	for _, limit := range []struct {
		field string
		value **int64
	}{
		{"timeoutSeconds", &spec.TimeoutSeconds},
		{"responseStartTimeoutSeconds", &spec.ResponseStartTimeoutSeconds},
	} {
		if now := seconds(*limit.value); now >= wanted {
			continue
		}
		*limit.value = &wanted
		c.say("spec.template.spec."+limit.field, "%d, so that the client gives up first", wanted)
	}
}

// seconds is a timeout of a revision, or the default where it has none.
func seconds(set *int64) int64 {
	if set == nil {
		return defaultTimeout
	}
	return cmp.Or(*set, defaultTimeout)
}
