package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Commas and equals signs of a value are the value's own.
func TestFlagsOfAServiceKeepTheirValuesWhole(t *testing.T) {
	var got experiment.Service
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	registerService(flags, &got)
	err := flags.Parse([]string{
		"--env", "JAVA_TOOL_OPTIONS=-agentlib:jdwp=transport=dt_socket,server=y", "--env", "EMPTY=", "--env", "EMPTY=later",
		"--env-from", "config-map:a,b", "--arg", "-a,b=c", "--arg", "d e", "--cmd", "/bin/sh", "--cmd", "-c",
		"--annotation", "example.com/a=b,c=d", "--node-selector", "disk=ssd", "--toleration", "a=b:NoSchedule", "--port", "h2c:8080",
		"--service-account", "robot", "--pull-secret", "registry", "--pull-policy", "Never", "--concurrency-limit", "2",
		"--request", "cpu=1,memory=1Mi",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := experiment.Service{
		Env: map[string]string{"JAVA_TOOL_OPTIONS": "-agentlib:jdwp=transport=dt_socket,server=y", "EMPTY": "later"},
		Pod: templates.Pod{
			EnvFrom: []string{"config-map:a,b"}, Args: []string{"-a,b=c", "d e"}, Command: []string{"/bin/sh", "-c"},
			Annotations: map[string]string{"example.com/a": "b,c=d"}, NodeSelector: map[string]string{"disk": "ssd"},
			Tolerations: []string{"a=b:NoSchedule"}, Port: "h2c:8080", ServiceAccount: "robot", PullSecret: "registry",
			PullPolicy: "Never", ConcurrencyLimit: 2,
		},
		Requests: map[string]string{"cpu": "1", "memory": "1Mi"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPairsRefuseWhatIsNoPair(t *testing.T) {
	for _, text := range []string{"", "A", "=b", " =b"} {
		var p pairs
		if err := p.Set(text); err == nil {
			t.Errorf("%q was taken as %v", text, p)
		}
	}
}

// registerService has a list of the flags that a file stands in for.
func TestEveryFlagOfPodsIsKnownAsOne(t *testing.T) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	registerService(flags, &experiment.Service{})
	for _, name := range podFlags {
		if flags.Lookup(name) == nil {
			t.Errorf("there is no --%s", name)
		}
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if known := map[string]bool{"stable-window": true, "client-timeout": true}; !known[f.Name] && !slices.Contains(podFlags, f.Name) {
			t.Errorf("--%s is not among the flags of pods", f.Name)
		}
	})
}
