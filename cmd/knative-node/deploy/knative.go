package deploy

import (
	"fmt"
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
)

// koPrefix stands in Knative's manifests where a released manifest has the name of an
// image. The program's name follows it. (The tool ko replaces both.)
const koPrefix = "ko://knative.dev/serving/cmd/"

// Domain is the domain of all services' hosts, which are SERVICE.NAMESPACE.DOMAIN.
const Domain = "cold.test"

// settings are the values that the node changes in Knative's ConfigMaps.
var settings = map[string]map[string]string{
	"config-deployment": {
		"queue-sidecar-image": image.Reference("queue"),
		skippedRegistries:     image.Registry,
		// With the default requests, the scheduler finds two cores full at 129
		// instances, although they have hardly anything to do.
		"queue-sidecar-cpu-request":    "1m",
		"queue-sidecar-memory-request": "4Mi",
	},
	"config-network": {
		"ingress-class": "traefik.ingress.networking.knative.dev",
		// By default the activator also tries the address of a pod's Service, as
		// long as the pod itself does not answer. Only a mesh needs that, and with
		// hundreds of pods that start, most tries were of this kind.
		"mesh-compatibility-mode": "disabled",
	},
	"config-features": {"kubernetes.podspec-runtimeclassname": "enabled"},
	"config-domain":   {Domain: ""},
	// So that it can be read when the autoscaler is in its panic mode.
	"config-observability": {"metrics-protocol": "prometheus"},
	"config-autoscaler": {
		"allow-zero-initial-scale":   "true",
		"scale-to-zero-grace-period": "1s",
		"stable-window":              "6s",
		// With -1 the activator always stays in the path of the requests and counts
		// them. By default it stays there for one or two instances too, but then the
		// autoscaler also looks through all pods each second and asks each instance.
		"target-burst-capacity": "-1",
	},
}

// Knative changes Knative Serving's manifests for the node: they get the node's images
// and settings, and one replica of each component.
func Knative(objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	var keep []*unstructured.Unstructured
	for _, object := range objects {
		switch object.GetKind() {
		case "HorizontalPodAutoscaler", "PodDisruptionBudget":
			continue // there is one replica of each component
		case "ConfigMap":
			if err := configure(object); err != nil {
				return nil, err
			}
		case "Deployment":
			if err := adaptContainers(object); err != nil {
				return nil, err
			}
		case "Image":
			continue // these ask for an image to be pulled that the node already has
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
	if err := wantKnown(configMap.GetName(), change, data); err != nil {
		return err
	}
	maps.Copy(data, change)
	// Knative's webhook refuses a changed example, but not one that is missing.
	delete(data, "_example")
	annotations := configMap.GetAnnotations()
	delete(annotations, "knative.dev/example-checksum")
	configMap.SetAnnotations(annotations)
	return unstructured.SetNestedStringMap(configMap.Object, data, "data")
}

// wantKnown refuses a setting that Knative's own ConfigMap neither has nor names in its example:
// it would be ignored without a word.
func wantKnown(configMap string, settings, theirs map[string]string) error {
	for key := range settings {
		_, has := theirs[key]
		if !has && key != Domain && !strings.Contains(theirs["_example"], key+":") {
			return fmt.Errorf("this Knative knows no setting %s in %s", key, configMap)
		}
	}
	return nil
}

// adaptContainers makes containers use the node's images. They are asked each second whether
// they are ready: with the periods in the manifests, of up to ten seconds, the boot would
// mostly wait for the next time.
func adaptContainers(deployment *unstructured.Unstructured) error {
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
		if probe, ok := container["readinessProbe"].(map[string]any); ok {
			probe["periodSeconds"] = int64(1)
		}
	}
	return unstructured.SetNestedSlice(deployment.Object, containers, path...)
}
