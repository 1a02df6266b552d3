package templates

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Pod is what the pods of a service have beside their image and their environment, as
// the flags of `kn service create` name it. The zero value leaves all to the image and
// to the cluster.
type Pod struct {
	// Port is where the function listens, as PORT or NAME:PORT; see ParsePort.
	Port string
	// Command replaces the image's entrypoint, and Args its arguments.
	Command []string
	Args    []string
	// EnvFrom are ConfigMaps and Secrets whose keys become variables; see ParseEnvFrom.
	EnvFrom        []string
	ServiceAccount string
	// PullSecret is the Secret with which images are pulled.
	PullSecret string
	// PullPolicy is Always, IfNotPresent or Never; when empty, Kubernetes decides.
	PullPolicy string
	// Annotations go onto the revision.
	Annotations map[string]string
	// ConcurrencyLimit is how many requests an instance serves at a time; zero stands
	// for any number.
	ConcurrencyLimit int
	// NodeSelector are labels of the nodes on which pods may run, and Tolerations the
	// taints of nodes that they bear; see ParseToleration.
	NodeSelector map[string]string
	Tolerations  []string
}

// Port is a container's port in a Service.
type Port struct {
	// Name is h2c for HTTP/2 without TLS; http1 and none are HTTP/1.
	Name          string `json:"name,omitempty"`
	ContainerPort int    `json:"containerPort"`
}

// ParsePort reads PORT or NAME:PORT, such as 8080 or h2c:8080.
func ParsePort(s string) (Port, error) {
	name, number, named := strings.Cut(s, ":")
	if !named {
		name, number = "", s
	}
	n, err := strconv.Atoi(number)
	switch {
	case err != nil || n < 1 || n > 65535:
		return Port{}, errors.New("want a number from 1 to 65535, such as 8080 or h2c:8080")
	case named && name != "h2c" && name != "http1":
		return Port{}, fmt.Errorf("a port's name is h2c or http1, not %q", name)
	}
	return Port{Name: name, ContainerPort: n}, nil
}

// EnvFrom is where variables of a container come from: a ConfigMap or a Secret.
type EnvFrom struct {
	ConfigMap *Reference `json:"configMapRef,omitempty"`
	Secret    *Reference `json:"secretRef,omitempty"`
}

// Reference names another object of the namespace.
type Reference struct {
	Name string `json:"name"`
}

// ParseEnvFrom reads config-map:NAME or secret:NAME; cm: and sc: are short for them.
func ParseEnvFrom(s string) (EnvFrom, error) {
	kind, name, _ := strings.Cut(s, ":")
	switch {
	case name == "":
	case kind == "config-map" || kind == "cm":
		return EnvFrom{ConfigMap: &Reference{name}}, nil
	case kind == "secret" || kind == "sc":
		return EnvFrom{Secret: &Reference{name}}, nil
	}
	return EnvFrom{}, errors.New("want config-map:NAME or secret:NAME")
}

// Toleration is a taint of nodes that a pod bears.
type Toleration struct {
	Key      string `json:"key,omitempty"`
	Operator string `json:"operator"`
	Value    string `json:"value,omitempty"`
	Effect   string `json:"effect,omitempty"`
}

var taintEffects = []string{"NoSchedule", "PreferNoSchedule", "NoExecute"}

// ParseToleration reads KEY=VALUE:EFFECT, as `kubectl taint` writes a taint. Without
// =VALUE any value is borne, and without :EFFECT any effect.
func ParseToleration(s string) (Toleration, error) {
	taint, effect, limited := strings.Cut(s, ":")
	key, value, valued := strings.Cut(taint, "=")
	if key == "" {
		return Toleration{}, errors.New("want KEY=VALUE:EFFECT, such as dedicated=bench:NoSchedule")
	}
	if limited && !slices.Contains(taintEffects, effect) {
		return Toleration{}, fmt.Errorf("the effect of a taint is %s, not %q", strings.Join(taintEffects, ", "), effect)
	}
	t := Toleration{Key: key, Operator: "Exists", Effect: effect}
	if valued {
		t.Operator, t.Value = "Equal", value
	}
	return t, nil
}

var pullPolicies = []string{"Always", "IfNotPresent", "Never"}

// ValidatePullPolicy says what is wrong with an image pull policy.
func ValidatePullPolicy(s string) error {
	if s != "" && !slices.Contains(pullPolicies, s) {
		return fmt.Errorf("want %s", strings.Join(pullPolicies, ", "))
	}
	return nil
}

// ownAnnotations are those of a revision that decide what a cold start is. This
// program sets them. Knative takes the second spelling, too.
var ownAnnotations = map[string]string{
	"autoscaling.knative.dev/initial-scale": "the first request has to find no instance; load has --warm",
	"autoscaling.knative.dev/initialScale":  "the first request has to find no instance; load has --warm",
	"autoscaling.knative.dev/min-scale":     "the service has to return to zero; load has --min-scale",
	"autoscaling.knative.dev/minScale":      "the service has to return to zero; load has --min-scale",
	"autoscaling.knative.dev/window":        "it is the stable window, which has an option of its own",
}

// ValidateAnnotation says why an annotation cannot be given to a revision.
func ValidateAnnotation(name string) error {
	if why, own := ownAnnotations[name]; own {
		return fmt.Errorf("it is set already: %s", why)
	}
	if name == "" {
		return errors.New("want NAME=VALUE")
	}
	return nil
}
