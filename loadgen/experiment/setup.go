package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Setup is what all experiments have in common.
type Setup struct {
	// Classes are the RuntimeClasses under test and the image of each. Handlers are
	// filled in by the run.
	Classes []record.Class
	// Service are the settings of the services under test.
	Service Service
	// Request is how the requests look, and which answers are right.
	Request Request
	// IngressAddress, HOST[:PORT], overrides the search for the ingress.
	IngressAddress string
	Traces         Traces
	// WithPull has cold starts for which an image was pulled count like all others.
	WithPull bool
	// Seed decides every random order of the run, and nothing else does.
	Seed uint64
	// RunFile is the file for the record of the run; "-" is standard output, and empty
	// stands for RUN.jsonl in the folder Results, or in results where that is empty too.
	RunFile string
	Results string
	// Scenario, when set, says of which scenario file the run is, for the record.
	Scenario *record.Scenario
	// RunID is the id of the run, which has to be a label's value. If it is empty, the run
	// makes one by NewRunID.
	RunID string
	// Tool is the program that measures, for the record.
	Tool record.Tool
}

// Service are the settings of the services under test.
type Service struct {
	// StableWindow is the autoscaler's stable window, whole seconds from 6 s to 1 h.
	StableWindow time.Duration
	// ClientTimeout is how long the client waits for an answer.
	ClientTimeout time.Duration
	// Pod is what else the pods have. Its zero value leaves it to the image and to the
	// cluster.
	templates.Pod
	Env map[string]string
	// Manifest, when set, is the Service as the user wrote it. Then Env, Pod, Requests
	// and Limits do not count.
	Manifest *templates.Manifest
	// Requests and Limits are Kubernetes quantities by resource name.
	Requests map[string]string
	Limits   map[string]string
}

// Traces say whether Knative's spans of some more starts are collected, after all others.
type Traces struct {
	On bool
	// Address is HOST:PORT of this computer at which pods report traces.
	Address string
	// Shared says that the cluster may have more services than this run's, which a
	// change of Knative's settings affects too.
	Shared bool
}

// The bounds that Knative sets to a stable window.
const (
	ShortestWindow = 6 * time.Second
	longestWindow  = time.Hour
)

func (s *Setup) setup() *Setup { return s }

// sides are the classes under test. A run with two sides has them of its own.
func (s *Setup) sides() []record.Class { return s.Classes }

// existing says that the run creates its services.
func (*Setup) existing() []string { return nil }

// native says that everything runs in the cluster.
func (*Setup) native() bool { return false }

// containers are what the containers under test ask for. A run with two sides has them
// of its own.
func (s *Setup) containers() []record.ContainerResources {
	return []record.ContainerResources{{Requests: s.Service.Requests, Limits: s.Service.Limits}}
}

func (s *Setup) validate(classes []record.Class) error {
	var p problems
	p.add(validateClasses(classes))
	p.add(s.Service.validate())
	p.add(s.Request.validate(classes))
	p.add(s.Traces.validate())
	return p.err()
}

func validateClasses(classes []record.Class) error {
	if len(classes) == 0 {
		return errors.New("no RuntimeClass is named")
	}
	seen := map[record.Key]bool{}
	for _, c := range classes {
		switch {
		case c.Name == "":
			return errors.New("the name of a RuntimeClass is empty")
		case c.Image == "":
			return fmt.Errorf("RuntimeClass %s has no image", c.Key())
		case seen[c.Key()]:
			return fmt.Errorf("RuntimeClass %s is named twice", c.Key())
		}
		if problem := templates.ValidateClassName(c.Name); problem != "" {
			return &OptionError{"runtime-class", fmt.Sprintf("%q is no name of a RuntimeClass: %s", c.Name, problem)}
		}
		seen[c.Key()] = true
	}
	return nil
}

func (s *Service) validate() error {
	var p problems
	if s.ClientTimeout <= 0 {
		p.option("client-timeout", "is %v: it must be positive", s.ClientTimeout)
	}
	switch w := s.StableWindow; {
	case w < ShortestWindow || w > longestWindow:
		p.option("stable-window", "is %v: Knative takes 6s to 1h", w)
	case w%time.Second != 0:
		p.option("stable-window", "is %v: Knative takes whole seconds", w)
	}
	p.add(validateQuantities("request", s.Requests))
	p.add(validateQuantities("limit", s.Limits))
	p.add(validatePod(&s.Pod))
	return p.err()
}

func validatePod(pod *templates.Pod) error {
	var p problems
	check := func(option, value string, err error) {
		if err != nil {
			p.option(option, "%s: %v", value, err)
		}
	}
	if pod.Port != "" {
		_, err := templates.ParsePort(pod.Port)
		check("port", pod.Port, err)
	}
	for _, source := range pod.EnvFrom {
		_, err := templates.ParseEnvFrom(source)
		check("env-from", source, err)
	}
	for _, toleration := range pod.Tolerations {
		_, err := templates.ParseToleration(toleration)
		check("toleration", toleration, err)
	}
	for _, name := range slices.Sorted(maps.Keys(pod.Annotations)) {
		check("annotation", name, templates.ValidateAnnotation(name))
	}
	check("pull-policy", pod.PullPolicy, templates.ValidatePullPolicy(pod.PullPolicy))
	p.atLeast("concurrency-limit", pod.ConcurrencyLimit, 0)
	return p.err()
}

func validateQuantities(option string, quantities map[string]string) error {
	var p problems
	for _, name := range slices.Sorted(maps.Keys(quantities)) {
		if err := templates.ValidateQuantity(quantities[name]); err != nil {
			p.option(option, "%s=%s: %v", name, quantities[name], err)
		}
	}
	return p.err()
}

func (t *Traces) validate() error {
	switch {
	case !t.On:
		return nil
	case t.Address == "":
		return &OptionError{"traces", "needs --traces-address HOST:PORT: an address of this computer that pods can reach"}
	}
	host, _, err := net.SplitHostPort(t.Address)
	if err != nil {
		return &OptionError{"traces-address", fmt.Sprintf("%q is no HOST:PORT: %v", t.Address, err)}
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return &OptionError{"traces-address", fmt.Sprintf("%q names no address: give the one that pods can reach", t.Address)}
	}
	return nil
}

// recorded are the settings that all experiments have.
func (s *Setup) recorded() record.Settings {
	o := &s.Service
	settings := record.Settings{
		StableWindow: o.StableWindow, ClientTimeout: o.ClientTimeout,
		Env: o.Env, Requests: o.Requests, Limits: o.Limits, WithPull: s.WithPull, Request: s.Request.recorded(),
		Port: o.Port, Command: o.Command, Args: o.Args, EnvFrom: o.EnvFrom, ServiceAccount: o.ServiceAccount,
		PullSecret: o.PullSecret, PullPolicy: o.PullPolicy, Annotations: o.Annotations, ConcurrencyLimit: o.ConcurrencyLimit,
		NodeSelector: o.NodeSelector, Tolerations: o.Tolerations,
	}
	settings.Scenario = s.Scenario
	settings.Manifest, settings.ManifestFile = o.Manifest.SHA256(), o.Manifest.Name()
	return settings
}

// spareZero is what Knative and the kubelet need at worst to bring a service to zero pods,
// beside its window.
const spareZero = 5 * time.Minute

// zeroTimeout is how long a service may take to return to zero pods.
func (s *Service) zeroTimeout() time.Duration { return s.StableWindow + spareZero }

// revisionTimeout keeps Knative's own 504 from coming before the client gives up,
// as far as the cluster lets it; the checks have warned where it does not.
func (s *Service) revisionTimeout(most time.Duration) time.Duration {
	wanted := s.ClientTimeout.Truncate(time.Second) + 2*time.Second
	return min(wanted, cmp.Or(most, wanted))
}

// OptionError is an option of an experiment that makes no sense.
type OptionError struct {
	// Option is the option's name in lower case with dashes, such as "stable-window".
	Option string
	// Problem says what is wrong, behind the name: "is 0: it must be at least 1".
	Problem string
}

func (e *OptionError) Error() string { return e.Option + " " + e.Problem }

// problems gathers what is wrong with options.
type problems []error

func (p *problems) option(name, format string, args ...any) {
	*p = append(*p, &OptionError{name, fmt.Sprintf(format, args...)})
}

// atLeast requires a whole number not below least.
func (p *problems) atLeast(name string, value, least int) {
	switch {
	case value >= least:
	case least == 0:
		p.option(name, "is %d: it must not be negative", value)
	default:
		p.option(name, "is %d: it must be at least %d", value, least)
	}
}

func (p *problems) add(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

func (p problems) err() error { return errors.Join(p...) }
