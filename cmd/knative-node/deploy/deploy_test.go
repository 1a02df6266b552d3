package deploy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const upstream = `
apiVersion: v1
kind: ConfigMap
metadata: {name: config-autoscaler, annotations: {knative.dev/example-checksum: "1"}}
data:
  kept: "yes"
  stable-window: 60s
  _example: "allow-zero-initial-scale: 'false' scale-to-zero-grace-period: 30s target-burst-capacity: '200'"
---
# only a comment
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: activator}
spec: {template: {spec: {containers: [{name: activator, image: "ko://knative.dev/serving/cmd/activator"}]}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: activator}
`

func TestKnative(t *testing.T) {
	objects, err := Parse([]byte(upstream))
	if err != nil {
		t.Fatal(err)
	}
	objects, err = Knative(objects)
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 2 {
		t.Fatalf("%d objects, want the ConfigMap and the Deployment", len(objects))
	}
	data, _, _ := unstructured.NestedStringMap(objects[0].Object, "data")
	want := map[string]string{
		"kept": "yes", "allow-zero-initial-scale": "true", "scale-to-zero-grace-period": "1s", "stable-window": "6s",
		"target-burst-capacity": "-1",
	}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Error(diff)
	}
	containers, _, _ := unstructured.NestedSlice(objects[1].Object, "spec", "template", "spec", "containers")
	container := containers[0].(map[string]any)
	if container["image"] != "dev.local/activator:local" || container["imagePullPolicy"] != "Never" {
		t.Errorf("container %v", container)
	}
}

func TestKnativeRefusesASettingThatThisKnativeDoesNotKnow(t *testing.T) {
	objects, err := Parse([]byte(strings.ReplaceAll(upstream, "target-burst-capacity", "burst-capacity")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Knative(objects)
	if err == nil || !strings.Contains(err.Error(), "target-burst-capacity in config-autoscaler") {
		t.Errorf("error %v, want one that names the setting", err)
	}
}

func TestOwn(t *testing.T) {
	without, err := Own([]string{"runc"})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Own([]string{"runc", "wasmedge"})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects[len(without):] {
		if o.GetName() != "wasmedge" {
			t.Errorf("object of WasmEdge: %v", o.Object)
		}
	}
	if more := len(objects) - len(without); more != 2 {
		t.Errorf("WasmEdge has %d objects, want the policy and its binding", more)
	}
	deployments, others := OfKind(objects, "Deployment")
	if len(deployments) != 2 || len(others) == 0 {
		t.Errorf("%d deployments, %d others", len(deployments), len(others))
	}
	for _, o := range objects {
		if o.GetName() == "" || o.GetAPIVersion() == "" {
			t.Errorf("incomplete object %v", o.Object)
		}
	}
}

func TestParseError(t *testing.T) {
	if _, err := Parse([]byte("a: [")); err == nil {
		t.Error("broken YAML was read")
	}
	if _, err := ReadDir(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no manifests") {
		t.Errorf("got %v", err)
	}
}
