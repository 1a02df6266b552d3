package templates

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func renderedService(t *testing.T, s Service) map[string]any {
	t.Helper()
	text, err := RenderService(s)
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := yaml.UnmarshalStrict(text, &document); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return document
}

// at walks down a document by map keys and list indexes.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch key := step.(type) {
		case string:
			v = v.(map[string]any)[key]
		case int:
			v = v.([]any)[key]
		}
	}
	return v
}

func TestRenderServiceQuotesEveryValue(t *testing.T) {
	nasty := "x\"\n  - y: {{.Name}} # 'z' \\ ü"
	document := renderedService(t, Service{
		Name: nasty, Namespace: nasty, Labels: map[string]string{nasty: nasty},
		RuntimeClass: nasty, Image: nasty, Pod: Pod{PullPolicy: nasty}, Env: map[string]string{nasty: nasty},
		Requests: map[string]string{nasty: nasty}, Limits: map[string]string{nasty: nasty},
	})
	template := at(t, document, "spec", "template").(map[string]any)
	container := at(t, template, "spec", "containers", 0).(map[string]any)
	for name, got := range map[string]any{
		"name": at(t, document, "metadata", "name"), "namespace": at(t, document, "metadata", "namespace"),
		"label": at(t, document, "metadata", "labels", nasty), "pod label": at(t, template, "metadata", "labels", nasty),
		"class": at(t, template, "spec", "runtimeClassName"),
		"image": container["image"], "policy": container["imagePullPolicy"],
		"variable": at(t, container, "env", 0, "name"), "value": at(t, container, "env", 0, "value"),
		"request": at(t, container, "resources", "requests", nasty), "limit": at(t, container, "resources", "limits", nasty),
	} {
		if got != nasty {
			t.Errorf("%s = %q, want %q", name, got, nasty)
		}
	}
}

func TestRenderServiceLeavesOutWhatIsNotSet(t *testing.T) {
	document := renderedService(t, Service{Name: "h", Image: "x"})
	want := map[string]any{
		"containerConcurrency": float64(0), "enableServiceLinks": false,
		"containers": []any{map[string]any{
			"image": "x", "env": []any{}, "resources": map[string]any{"requests": nil, "limits": nil},
		}},
	}
	if diff := cmp.Diff(want, at(t, document, "spec", "template", "spec")); diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}
	annotations := map[string]any{"autoscaling.knative.dev/initial-scale": "0", "autoscaling.knative.dev/min-scale": "0"}
	if diff := cmp.Diff(annotations, at(t, document, "spec", "template", "metadata", "annotations")); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

func TestRenderServiceDurations(t *testing.T) {
	document := renderedService(t, Service{Name: "h", Image: "x", StableWindow: 5 * time.Minute, Timeout: 2 * time.Minute})
	template := at(t, document, "spec", "template")
	if got := at(t, template, "metadata", "annotations", "autoscaling.knative.dev/window"); got != "5m0s" {
		t.Errorf("window = %v, want 5m0s", got)
	}
	if got := at(t, template, "spec", "timeoutSeconds"); got != float64(120) {
		t.Errorf("timeoutSeconds = %v, want 120", got)
	}
}

func TestRenderServiceThatHasInstancesFromTheBeginning(t *testing.T) {
	document := renderedService(t, Service{Name: "h", Image: "x", InitialScale: 3, MinScale: 2})
	annotations := at(t, document, "spec", "template", "metadata", "annotations")
	want := map[string]any{"autoscaling.knative.dev/initial-scale": "3", "autoscaling.knative.dev/min-scale": "2"}
	if diff := cmp.Diff(want, annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}
