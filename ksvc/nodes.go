package ksvc

import (
	"context"
	"fmt"
	"os"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Node is one node of the cluster.
type Node struct {
	Name string
	// Here says that it is this machine, or in namespaces or a container of it.
	Here bool
	CPUs int
}

// Nodes are the cluster's.
func (c *Client) Nodes(ctx context.Context) ([]Node, error) {
	list, err := c.Kubernetes.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	here := thisMachine(os.DirFS("/"))
	var nodes []Node
	for _, n := range list.Items {
		nodes = append(nodes, Node{Name: n.Name, Here: here.is(n), CPUs: int(n.Status.Capacity.Cpu().Value())})
	}
	return nodes, nil
}

// ReadSummary is what a node's kubelet says of the use of CPU and memory, by the
// API server: see https://kubernetes.io/docs/reference/instrumentation/node-metrics/.
func (c *Client) ReadSummary(ctx context.Context, node string) ([]byte, error) {
	text, err := c.Kubernetes.CoreV1().RESTClient().Get().Resource("nodes").Name(node).SubResource("proxy").
		Suffix("stats/summary").Param("only_cpu_and_memory", "true").DoRaw(ctx)
	if apierrors.IsForbidden(err) {
		return nil, fmt.Errorf("read the kubelet's summary of node %s: not allowed to get nodes/proxy, which ClusterRole kn-coldstart-usage of templates/rbac.yaml allows: %w", node, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the kubelet's summary of node %s: %w", node, err)
	}
	return text, nil
}
