package check

import (
	"context"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/host"
)

var adviseNative = ksvc.NewAdvice("leave out --native, and the classes are compared with one another; or run kn-coldstart on the machine of a cluster with a single node")

// checkNative says whether programs that run on this computer run on what the instances
// run on.
func checkNative(ctx context.Context, r *reader) record.Check {
	nodes, err := r.allNodes(ctx)
	switch {
	case err != nil:
		return fail(adviseNative, "read which machine the node is: %v", err)
	case len(nodes) != 1:
		return fail(adviseNative, "the cluster has %d nodes: what runs natively would be compared with instances on other machines", len(nodes))
	case !host.This().Is(nodes[0]):
		return fail(adviseNative, "this computer is not node %s: what runs natively would be compared with instances on another machine", nodes[0].Name)
	}
	return ok("this computer is the cluster's one node, %s", nodes[0].Name)
}
