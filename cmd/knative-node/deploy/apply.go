package deploy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// fieldManager is the name under which the API server notes what the node has set.
const fieldManager = "knative-node"

// Applier writes objects to a cluster.
type Applier struct {
	client dynamic.Interface
	mapper *restmapper.DeferredDiscoveryRESTMapper
}

// NewApplier returns an applier for the cluster.
func NewApplier(config *rest.Config) (*Applier, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	disco, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	return &Applier{client, restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))}, nil
}

// Apply creates or changes all objects, most of them at the same time. Namespaces and
// resource definitions come first, because the other objects need them. Admission
// webhooks come last: nothing answers them before Knative's pods run, and until then
// they would refuse the other objects.
func (a *Applier) Apply(ctx context.Context, objects []*unstructured.Unstructured) error {
	namespaces, objects := OfKind(objects, "Namespace")
	definitions, objects := OfKind(objects, "CustomResourceDefinition")
	if err := a.applyAll(ctx, append(namespaces, definitions...)); err != nil {
		return err
	}
	if err := a.awaitServed(ctx, definitions); err != nil {
		return err
	}
	validating, objects := OfKind(objects, "ValidatingWebhookConfiguration")
	mutating, objects := OfKind(objects, "MutatingWebhookConfiguration")
	if err := a.applyAll(ctx, objects); err != nil {
		return err
	}
	return a.applyAll(ctx, append(validating, mutating...))
}

// awaitServed waits until the API server serves the resources that are defined.
func (a *Applier) awaitServed(ctx context.Context, definitions []*unstructured.Unstructured) error {
	for _, definition := range definitions {
		resource, err := a.resource(definition)
		if err != nil {
			return err
		}
		err = wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			now, err := resource.Get(ctx, definition.GetName(), metav1.GetOptions{})
			return err == nil && hasCondition(now, "Established"), err
		})
		if err != nil {
			return fmt.Errorf("wait for %s to be served: %w", definition.GetName(), err)
		}
	}
	a.mapper.Reset()
	return nil
}

func hasCondition(object *unstructured.Unstructured, kind string) bool {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	return slices.ContainsFunc(conditions, func(each any) bool {
		condition, ok := each.(map[string]any)
		return ok && condition["type"] == kind && condition["status"] == "True"
	})
}

func (a *Applier) applyAll(ctx context.Context, objects []*unstructured.Unstructured) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, object := range objects {
		group.Go(func() error { return a.apply(ctx, object) })
	}
	return group.Wait()
}

func (a *Applier) apply(ctx context.Context, object *unstructured.Unstructured) error {
	resource, err := a.resource(object)
	if err == nil {
		_, err = resource.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
	}
	if err != nil {
		return fmt.Errorf("apply %s %s/%s: %w", object.GetKind(), object.GetNamespace(), object.GetName(), err)
	}
	return nil
}

// resource returns the client for objects of this kind, in the object's namespace.
func (a *Applier) resource(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	mapping, err := a.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, fmt.Errorf("find the resource of %s: %w", kind, err)
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return a.client.Resource(mapping.Resource).Namespace(object.GetNamespace()), nil
	}
	return a.client.Resource(mapping.Resource), nil
}
