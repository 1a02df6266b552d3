package check

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// container is what a container of an instance asks for.
type container struct {
	name             string
	requests, limits corev1.ResourceList
}

// instance is a pod as the run will make it: the function's container, unless the user
// wrote the spec himself, and queue-proxy.
type instance []container

// compute are the resources that Knative has defaults for.
var compute = []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage}

// instances are the different instances of the run, before the namespace's LimitRanges
// have added their defaults.
func (r *reader) instances(ctx context.Context) ([]instance, error) {
	queue, err := r.queueProxy(ctx)
	if err != nil {
		return nil, err
	}
	if r.needs.UserSpec {
		return []instance{{queue}}, nil
	}
	asked := r.needs.Containers
	if len(asked) == 0 {
		asked = []record.ContainerResources{{}}
	}
	var found []instance
	for _, one := range asked {
		function, err := r.function(ctx, one)
		if err != nil {
			return nil, err
		}
		found = append(found, instance{function, queue})
	}
	return found, nil
}

// function is the function's container. Knative's defaults fill in what it does not
// ask for.
func (r *reader) function(ctx context.Context, asked record.ContainerResources) (container, error) {
	c := container{name: "the function's container", requests: corev1.ResourceList{}, limits: corev1.ResourceList{}}
	for list, texts := range map[*corev1.ResourceList]map[string]string{&c.requests: asked.Requests, &c.limits: asked.Limits} {
		for name, text := range texts {
			if err := set(*list, corev1.ResourceName(name), text); err != nil {
				return c, err
			}
		}
	}
	for _, name := range compute {
		for kind, list := range map[string]corev1.ResourceList{"request": c.requests, "limit": c.limits} {
			if _, own := list[name]; own {
				continue
			}
			text, err := r.setting(ctx, ksvc.DefaultsConfig, fmt.Sprintf("revision-%s-%s", name, kind), "")
			if err != nil {
				return c, err
			}
			if err := set(list, name, text); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// queueProxyOwn are what queue-proxy gets where nothing is set. All but the first come
// with the feature queueproxy.resource-defaults only.
var queueProxyOwn = map[string]string{"cpu-request": "25m", "cpu-limit": "1", "memory-request": "400Mi", "memory-limit": "800Mi"}

// queueProxy is the container that Knative adds to each instance.
func (r *reader) queueProxy(ctx context.Context) (container, error) {
	c := container{name: "queue-proxy", requests: corev1.ResourceList{}, limits: corev1.ResourceList{}}
	own := map[string]string{"cpu-request": queueProxyOwn["cpu-request"]}
	if value, _ := r.setting(ctx, ksvc.FeaturesConfig, "queueproxy.resource-defaults", "disabled"); sameSetting(value, "enabled") {
		own = queueProxyOwn
	}
	for _, name := range compute {
		for kind, list := range map[string]corev1.ResourceList{"request": c.requests, "limit": c.limits} {
			key := fmt.Sprintf("%s-%s", name, kind)
			text, err := r.setting(ctx, ksvc.DeploymentConfig, "queue-sidecar-"+key, own[key])
			if err != nil {
				return c, err
			}
			if err := set(list, name, text); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// set adds a quantity. An empty text adds none.
func set(list corev1.ResourceList, name corev1.ResourceName, text string) error {
	if text == "" {
		return nil
	}
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return fmt.Errorf("read quantity %q of %s: %w", text, name, err)
	}
	list[name] = q
	return nil
}

// clone is a container whose quantities can be changed. As Kubernetes does, it lets a
// limit stand for a request that is not given.
func (c container) clone() container {
	copied := container{name: c.name, requests: maps.Clone(c.requests), limits: maps.Clone(c.limits)}
	for name, limit := range c.limits {
		if _, given := copied.requests[name]; !given {
			copied.requests[name] = limit
		}
	}
	return copied
}

// total is the whole instance, as if it were one container.
func (i instance) total() container {
	t := container{name: "an instance", requests: corev1.ResourceList{}, limits: corev1.ResourceList{}}
	for _, c := range i {
		add(t.requests, c.requests)
		add(t.limits, c.limits)
	}
	return t
}

func add(to, list corev1.ResourceList) {
	for name, quantity := range list {
		sum := to[name]
		sum.Add(quantity)
		to[name] = sum
	}
}
