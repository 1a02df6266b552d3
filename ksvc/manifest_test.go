package ksvc_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

const written = `apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: hello
  namespace: elsewhere
  labels: {team: a}
spec:
  template:
    metadata:
      name: hello-v1
      annotations:
        autoscaling.knative.dev/target: "10"
        autoscaling.knative.dev/window: 60s
    spec:
      timeoutSeconds: 10
      containers:
      - name: sidecar
        image: side:1
        env:
        - {name: A, value: "1"}
      - name: main
        image: main:1
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready}}
        volumeMounts: [{name: scratch, mountPath: /tmp}]
      volumes: [{name: scratch, emptyDir: {}}]
  traffic: [{latestRevision: true, percent: 100}]
`

func manifestOf(text string) *templates.Manifest {
	return &templates.Manifest{File: "service.yaml", Text: []byte(text)}
}

func TestReadManifest(t *testing.T) {
	got, err := ksvc.ReadManifest(manifestOf(written))
	if diff := cmp.Diff(ksvc.Written{Image: "main:1"}, got); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	got, err = ksvc.ReadManifest(manifestOf(strings.Replace(written, "timeoutSeconds: 10", "runtimeClassName: kata", 1)))
	if diff := cmp.Diff(ksvc.Written{Image: "main:1", RuntimeClass: "kata"}, got); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	for _, name := range []string{"max-scale", "maxScale"} {
		got, err = ksvc.ReadManifest(manifestOf(strings.Replace(written, `target: "10"`, name+`: "7"`, 1)))
		if diff := cmp.Diff(ksvc.Written{Image: "main:1", MaxScale: 7}, got); err != nil || diff != "" {
			t.Errorf("%s: %v: %s", name, err, diff)
		}
	}
}

// Each error names the line.
func TestReadManifestRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"misspelt field", "image: side:1", "imagee: side:1", `service.yaml:18: unknown field "spec.template.spec.containers[0].imagee"`},
		{"field in other case", "timeoutSeconds", "timeoutseconds", `service.yaml:15: unknown field "spec.template.spec.timeoutseconds"`},
		{"second container", "readinessProbe", "readynessProbe", `service.yaml:24: unknown field "spec.template.spec.containers[1].readynessProbe"`},
		{"wrong type", "timeoutSeconds: 10", "timeoutSeconds: soon", "service.yaml:15: spec.template.spec.timeoutSeconds is a string: want int64"},
		{"wrong type in a list", `{name: A, value: "1"}`, "{name: A, value: 1}", "service.yaml:20: spec.template.spec.containers.env.value is a number: want string"},
		{"twice", "      timeoutSeconds: 10\n", "      timeoutSeconds: 10\n      timeoutSeconds: 11\n", `service.yaml:16: field "timeoutSeconds" stands here a second time`},
		{"no YAML", "kind: Service", "kind: Service: x", "service.yaml:2: "},
		{"another kind", "kind: Service", "kind: Deployment", `service.yaml:2: kind is "Deployment": want Service, a Knative Service`},
		{"Kubernetes' Service", "serving.knative.dev/v1", "v1", `service.yaml:1: apiVersion is "v1"`},
		{"no kind", "kind: Service\n", "", "service.yaml:1: kind is missing"},
		{"min scale", `autoscaling.knative.dev/target: "10"`, `autoscaling.knative.dev/min-scale: "1"`, `service.yaml:12: autoscaling.knative.dev/min-scale is "1"`},
		{"min scale, spelt otherwise", `autoscaling.knative.dev/target: "10"`, `autoscaling.knative.dev/minScale: "1"`, `service.yaml:12: autoscaling.knative.dev/minScale is "1"`},
		{"initial scale", `autoscaling.knative.dev/target: "10"`, `autoscaling.knative.dev/initial-scale: "2"`, `service.yaml:12: autoscaling.knative.dev/initial-scale is "2"`},
		{"another autoscaler", `autoscaling.knative.dev/target: "10"`, `autoscaling.knative.dev/class: hpa.autoscaling.knative.dev`, "service.yaml:12: autoscaling.knative.dev/class"},
		{"no port", "        ports: [{containerPort: 8080}]\n", "", "service.yaml:16: none of the 2 containers has a port"},
		{"no image", "        image: main:1\n", "", "service.yaml:21: the container that serves requests has no image"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(written, c.old, c.new, 1)
			if text == written {
				t.Fatalf("there is no %q", c.old)
			}
			if _, err := ksvc.ReadManifest(manifestOf(text)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	for text, want := range map[string]string{
		"": "service.yaml:1: the file is empty", "# nothing\n": "service.yaml:1: the file is empty", "[]": "service.yaml:1: want a Knative Service",
		written + "---\n" + written: "service.yaml:29: a second document begins",
	} {
		if _, err := ksvc.ReadManifest(manifestOf(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
	if _, err := ksvc.ReadManifest(manifestOf("---\n" + written + "---\n")); err != nil {
		t.Errorf("with lines of ---: %v", err)
	}
}

// What is changed is told, and all else stays.
func TestServiceFromAManifest(t *testing.T) {
	f := ksvctest.NewFakes()
	spec := templates.Service{
		Name: "cs-1", RuntimeClass: "gvisor", Image: "main:gvisor", StableWindow: 6 * time.Second, Timeout: 102 * time.Second,
		Manifest: manifestOf(written),
	}
	changed, err := f.Changes(ksvctest.Run, []templates.Service{spec, spec})
	if err != nil {
		t.Fatal(err)
	}
	spec.Namespace = ksvctest.Space
	got, err := ksvc.NewService(ksvctest.Run, spec)
	if err != nil {
		t.Fatal(err)
	}
	var want servingv1.Service
	wanted := strings.NewReplacer("name: hello\n  namespace: elsewhere", "name: cs-1\n  namespace: bench", "      name: hello-v1\n", "",
		"window: 60s", "window: 6s\n        autoscaling.knative.dev/initial-scale: \"0\"\n        autoscaling.knative.dev/min-scale: \"0\"",
		"timeoutSeconds: 10", "timeoutSeconds: 102\n      runtimeClassName: gvisor", "main:1", "main:gvisor",
		"  traffic: [{latestRevision: true, percent: 100}]\n", "").Replace(written)
	if err := yaml.UnmarshalStrict([]byte(wanted), &want); err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{ksvc.LabelManagedBy: ksvc.ManagedBy, ksvc.LabelRun: ksvctest.Run, ksvc.LabelRuntimeClass: "gvisor"}
	want.Spec.Template.Labels = labels
	want.Labels = map[string]string{"team": "a"}
	for name, value := range labels {
		want.Labels[name] = value
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("service (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"metadata.name: every service of the run has a name of its own",
		"metadata.namespace: bench",
		"metadata.labels and spec.template.metadata.labels: those by which the run knows what is its own are added",
		"spec.template.metadata.name: removed, because every service has a revision of its own",
		"spec.traffic: removed, because all traffic goes to the one revision",
		"spec.template.metadata.annotations: autoscaling.knative.dev/initial-scale is 0",
		"spec.template.metadata.annotations: autoscaling.knative.dev/min-scale is 0",
		"spec.template.metadata.annotations: autoscaling.knative.dev/window is 6s",
		"spec.template.spec.runtimeClassName: gvisor",
		"spec.template.spec.containers[1].image: main:gvisor",
		"spec.template.spec.timeoutSeconds: 102, so that the client gives up first",
	}, changed); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// A file's own RuntimeClass goes where the default runtime is measured, and a timeout
// that is long enough stays.
func TestServiceFromAManifestOfTheDefaultRuntime(t *testing.T) {
	text := strings.Replace(written, "timeoutSeconds: 10", "timeoutSeconds: 600\n      runtimeClassName: kata", 1)
	spec := templates.Service{Name: "cs-1", RuntimeClass: templates.DefaultClass, Timeout: 102 * time.Second, Manifest: manifestOf(text)}
	got, err := ksvc.NewService(ksvctest.Run, spec)
	if err != nil {
		t.Fatal(err)
	}
	pods := got.Spec.Template.Spec
	if pods.RuntimeClassName != nil || *pods.TimeoutSeconds != 600 || pods.Containers[1].Image != "main:1" {
		t.Errorf("RuntimeClass %v, timeout %d, image %s", pods.RuntimeClassName, *pods.TimeoutSeconds, pods.Containers[1].Image)
	}
}

// What the API server added to a Service that was read from it is no part of a new one.
func TestServiceFromAnExportedManifest(t *testing.T) {
	text := strings.Replace(written, "  name: hello\n", "  name: hello\n  uid: u\n  resourceVersion: \"7\"\n  finalizers: [x]\n", 1) +
		"status:\n  observedGeneration: 3\n"
	spec := templates.Service{Name: "cs-1", Manifest: manifestOf(text)}
	got, err := ksvc.NewService(ksvctest.Run, spec)
	if err != nil {
		t.Fatal(err)
	}
	if got.UID != "" || got.ResourceVersion != "" || got.Finalizers != nil || got.Status.ObservedGeneration != 0 {
		t.Errorf("%+v", got)
	}
}
