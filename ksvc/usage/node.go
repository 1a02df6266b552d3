package usage

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/host"
)

// node is one node of the cluster.
type node struct {
	name string
	// here says that it is this host, or in namespaces or a container of it.
	here bool
	cpus int
}

// listNodes are the cluster's.
func listNodes(ctx context.Context, c *ksvc.Client) ([]node, error) {
	list, err := c.Kubernetes.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	this := host.This()
	var nodes []node
	for _, n := range list.Items {
		nodes = append(nodes, node{name: n.Name, here: this.Is(n), cpus: int(n.Status.Capacity.Cpu().Value())})
	}
	return nodes, nil
}

// readSummary is what a node's kubelet says of the use of CPU and memory. The API
// server passes the question on: see
// https://kubernetes.io/docs/reference/instrumentation/node-metrics/.
func readSummary(ctx context.Context, c *ksvc.Client, node string) ([]byte, error) {
	text, err := c.Kubernetes.CoreV1().RESTClient().Get().Resource("nodes").Name(node).SubResource("proxy").
		Suffix("stats/summary").Param("only_cpu_and_memory", "true").DoRaw(ctx)
	if apierrors.IsForbidden(err) {
		return nil, fmt.Errorf("read the kubelet's summary of node %s: not allowed to get nodes/proxy, which `kn-coldstart rbac --usage` grants: %w", node, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the kubelet's summary of node %s: %w", node, err)
	}
	return text, nil
}
