package deploy

import (
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
)

// koPrefix stands before a program's name where Knative's manifests want an
// image of it.
const koPrefix = "ko://knative.dev/serving/cmd/"

// settings are what the node changes in Knative's ConfigMaps.
var settings = map[string]map[string]string{
	"config-deployment": {
		"queue-sidecar-image":               image.Reference("queue"),
		"registries-skipping-tag-resolving": image.Registry,
		// With the defaults, two cores are full on paper at 129 instances.
		"queue-sidecar-cpu-request":    "1m",
		"queue-sidecar-memory-request": "4Mi",
	},
	"config-network": {
		"ingress-class": "traefik.ingress.networking.knative.dev",
		// Without a mesh there is no need to try a Service's address whenever a
		// pod does not answer yet; with hundreds of those that is most tries.
		"mesh-pod-addressability-mode": "disabled",
	},
	"config-features": {"kubernetes.podspec-runtimeclassname": "enabled"},
	"config-domain":   {"cold.test": ""},
	"config-autoscaler": {
		"allow-zero-initial-scale":   "true",
		"scale-to-zero-grace-period": "1s",
		"stable-window":              "6s",
		// The activator stays in the path and counts the requests. By default it
		// stays, too, before one or two instances, but the autoscaler asks each of
		// them each second all the same, after a look through all pods.
		"target-burst-capacity": "-1",
	},
}

// Knative makes Knative Serving's manifests fit the node: its images, its
// settings, and one copy of each component.
func Knative(objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	var keep []*unstructured.Unstructured
	for _, object := range objects {
		switch object.GetKind() {
		case "HorizontalPodAutoscaler", "PodDisruptionBudget":
			continue // one node has no room for a second copy
		case "ConfigMap":
			if err := configure(object); err != nil {
				return nil, err
			}
		case "Deployment":
			if err := useLocalImages(object); err != nil {
				return nil, err
			}
		case "Image":
			continue // a pre-pull of an image that the node has already
		}
		keep = append(keep, object)
	}
	return keep, nil
}

func configure(configMap *unstructured.Unstructured) error {
	change, ok := settings[configMap.GetName()]
	if !ok {
		return nil
	}
	data, _, err := unstructured.NestedStringMap(configMap.Object, "data")
	if err != nil {
		return err
	}
	if data == nil {
		data = map[string]string{}
	}
	maps.Copy(data, change)
	// Knative's admission checks that the documented example is unchanged, not
	// that it is there.
	delete(data, "_example")
	annotations := configMap.GetAnnotations()
	delete(annotations, "knative.dev/example-checksum")
	configMap.SetAnnotations(annotations)
	return unstructured.SetNestedStringMap(configMap.Object, data, "data")
}

func useLocalImages(deployment *unstructured.Unstructured) error {
	path := []string{"spec", "template", "spec", "containers"}
	containers, _, err := unstructured.NestedSlice(deployment.Object, path...)
	if err != nil {
		return err
	}
	for _, each := range containers {
		container, ok := each.(map[string]any)
		if !ok {
			continue
		}
		if program, ok := strings.CutPrefix(container["image"].(string), koPrefix); ok {
			container["image"] = image.Reference(program)
			container["imagePullPolicy"] = "Never"
		}
	}
	return unstructured.SetNestedSlice(deployment.Object, containers, path...)
}
