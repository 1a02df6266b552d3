package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// podFlags are the flags of what the pods of the services have. A file given with -f
// says all that by itself.
var podFlags = []string{
	"env", "env-from", "port", "arg", "cmd", "service-account", "pull-secret", "pull-policy", "annotation",
	"concurrency-limit", "node-selector", "toleration", "request", "limit",
}

// registerService registers the flags of the services under test. Those of their pods
// have the names that `kn service create` gives them.
func registerService(flags *pflag.FlagSet, s *experiment.Service) {
	flags.DurationVar(&s.StableWindow, "stable-window", s.StableWindow, "the autoscaler's stable window of each service, 6s to 1h")
	flags.DurationVar(&s.ClientTimeout, "client-timeout", s.ClientTimeout, "how long the client waits for an answer")
	flags.Var((*pairs)(&s.Env), "env", "environment of the function; the value may hold commas; repeatable")
	flags.StringArrayVar(&s.EnvFrom, "env-from", nil, "variables of the function from a ConfigMap or a Secret, as config-map:NAME or secret:NAME; repeatable")
	flags.StringVar(&s.Port, "port", "", "port at which the function listens, as 8080 or h2c:8080 (default: $PORT, which is 8080)")
	flags.StringArrayVar(&s.Command, "cmd", nil, "command in place of the image's entrypoint; repeat it for each of its words")
	flags.StringArrayVar(&s.Args, "arg", nil, "argument of the image's entrypoint or of --cmd; repeatable")
	flags.StringVar(&s.ServiceAccount, "service-account", "", "ServiceAccount of the pods")
	flags.StringVar(&s.PullSecret, "pull-secret", "", "Secret with which the image is pulled")
	flags.StringVar(&s.PullPolicy, "pull-policy", "", "when the image is pulled: Always, IfNotPresent or Never (default: as Kubernetes decides)")
	flags.Var((*pairs)(&s.Annotations), "annotation", "annotation of the revisions; repeatable")
	flags.IntVar(&s.ConcurrencyLimit, "concurrency-limit", 0, "requests that an instance serves at a time (default: any number)")
	flags.Var((*pairs)(&s.NodeSelector), "node-selector", "label of the nodes on which the pods may run; repeatable")
	flags.StringArrayVar(&s.Tolerations, "toleration", nil, "taint of nodes that the pods bear, as KEY=VALUE:EFFECT; repeatable")
	flags.StringToStringVar(&s.Requests, "request", nil, "resources that an instance requests, as cpu=100m,memory=64Mi")
	flags.StringToStringVar(&s.Limits, "limit", nil, "resources that limit an instance, as cpu=1,memory=128Mi")
}

// readFile reads the file of -f into the service. It refuses the flags in whose place
// the file stands. Without -f it returns nil.
func (f *runFlags) readFile(flags flagSet, s *experiment.Service) (*ksvc.Written, error) {
	if f.file == "" {
		return nil, nil
	}
	for _, name := range append([]string{"image"}, podFlags...) {
		if flags.Changed(name) {
			return nil, writeInto(f.file, "--"+name)
		}
	}
	manifest, written, err := readManifest(f.file)
	s.Manifest = manifest
	return written, err
}

func readManifest(file string) (*templates.Manifest, *ksvc.Written, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, fmt.Errorf("read the service's file: %w", err)
	}
	manifest := &templates.Manifest{File: file, Text: text}
	written, err := ksvc.ReadManifest(manifest)
	if err != nil {
		return nil, nil, err
	}
	return manifest, &written, nil
}

// writeInto refuses what the file of a service has to say.
func writeInto(file, what string) error {
	return withHint(fmt.Errorf("%s and the file %s exclude each other", what, file), "write it into "+file)
}

// pairs is the value of a flag that is NAME=VALUE and repeatable. Unlike with pflag's
// own type a value ends where the argument ends: commas and further equals signs
// belong to it.
type pairs map[string]string

// Set implements pflag.Value.
func (p *pairs) Set(s string) error {
	name, value, found := strings.Cut(s, "=")
	if name = strings.TrimSpace(name); !found || name == "" {
		return fmt.Errorf("%q is no NAME=VALUE", s)
	}
	if *p == nil {
		*p = pairs{}
	}
	(*p)[name] = value
	return nil
}

// String implements pflag.Value.
func (p *pairs) String() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(*p)) {
		all = append(all, name+"="+(*p)[name])
	}
	return strings.Join(all, " ")
}

// Type implements pflag.Value.
func (p *pairs) Type() string { return "NAME=VALUE" }
