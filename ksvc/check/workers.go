package check

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

var adviseWorkerNodes = ksvc.NewAdvice("change --worker-node-selector; `kubectl describe nodes` says which labels nodes have")

// checkWorkers looks whether there is a node on which workers may run.
func checkWorkers(ctx context.Context, r *reader) record.Check {
	nodes, err := r.allNodes(ctx)
	if err != nil {
		return unread(err)
	}
	wanted := labels.SelectorFromSet(r.needs.Workers.NodeSelector)
	fit := slices.DeleteFunc(slices.Clone(nodes), func(n corev1.Node) bool {
		return !schedulable(n) || !wanted.Matches(labels.Set(n.Labels))
	})
	if len(fit) == 0 {
		return fail(adviseWorkerNodes, "no node that takes pods has the labels %s that workers are to have", wanted)
	}
	return ok("%s workers", takes(len(fit)))
}
