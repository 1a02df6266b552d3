package ksvc

import (
	"context"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
)

// This file lists what there is by name, for whoever has to choose.

// RuntimeClasses are the names of the cluster's RuntimeClasses, sorted.
func (c *Client) RuntimeClasses(ctx context.Context) ([]string, error) {
	list, err := c.Kubernetes.NodeV1().RuntimeClasses().List(ctx, metav1.ListOptions{})
	return sortedNames(list, err)
}

// Namespaces are the names of the cluster's namespaces, sorted.
func (c *Client) Namespaces(ctx context.Context) ([]string, error) {
	list, err := c.Kubernetes.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	return sortedNames(list, err)
}

// Services are the names of the Knative Services in the client's namespace, sorted.
func (c *Client) Services(ctx context.Context) ([]string, error) {
	list, err := c.Serving.ServingV1().Services(c.Namespace).List(ctx, metav1.ListOptions{})
	return sortedNames(list, err)
}

func sortedNames(list runtime.Object, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	var names []string
	err = meta.EachListItem(list, func(o runtime.Object) error {
		named, err := meta.Accessor(o)
		if err == nil {
			names = append(names, named.GetName())
		}
		return err
	})
	slices.Sort(names)
	return names, err
}

// Contexts are the names of the kubeconfig's contexts, sorted.
func (k Kubeconfig) Contexts() ([]string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = k.Path
	config, err := rules.Load()
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(config.Contexts)), nil
}
