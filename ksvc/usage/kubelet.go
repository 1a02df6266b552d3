package usage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// kubeletPeriod is how often a kubelet looks at what its pods use.
const kubeletPeriod = 10 * time.Second

// kubelets ask the nodes that instances run on, and the only one there is. The
// times are the kubelets', of whole seconds, and as good as their clocks.
type kubelets struct {
	Options
	nodes []ksvc.Node
	tally *tally
	// last are the times of the nodes' last readings.
	last map[string]time.Time
}

func newKubelets(nodes []ksvc.Node, o Options) *kubelets {
	stamp := record.Resource{Clock: record.ClockKubelet, Resolution: time.Second}
	return &kubelets{Options: o, nodes: nodes, tally: newTally(o.Emit, stamp), last: map[string]time.Time{}}
}

func (k *kubelets) period() time.Duration { return kubeletPeriod }

// summary is what is read of a kubelet's answer; see
// https://kubernetes.io/docs/reference/config-api/kubelet-stats.v1alpha1/ for the rest.
type summary struct {
	Node struct{ Memory, CPU reading }
	Pods []struct {
		PodRef      struct{ UID string }
		Memory, CPU reading
	}
}

type reading struct {
	Time                 time.Time
	WorkingSetBytes      *int64
	UsageCoreNanoSeconds *int64
}

func (k *kubelets) read(ctx context.Context) error {
	instances := map[string]ksvc.Instance{}
	for _, i := range k.Instances() {
		instances[i.UID] = i
	}
	var errs []error
	for _, node := range k.asked(instances) {
		s, err := k.ask(ctx, node.Name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		k.readNode(node, s)
		k.readPods(s, instances)
	}
	k.tally.finish()
	return errors.Join(errs...)
}

// asked are the nodes that are worth a request.
func (k *kubelets) asked(instances map[string]ksvc.Instance) []ksvc.Node {
	if len(k.nodes) == 1 {
		return k.nodes
	}
	used := map[string]bool{}
	for _, i := range instances {
		used[i.Node] = true
	}
	return slices.DeleteFunc(slices.Clone(k.nodes), func(n ksvc.Node) bool { return !used[n.Name] })
}

func (k *kubelets) ask(ctx context.Context, node string) (s summary, err error) {
	text, err := k.Client.ReadSummary(ctx, node)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read the kubelet's summary of node %s: %w", node, err)
	}
	return s, nil
}

func (k *kubelets) readNode(node ksvc.Node, s summary) {
	if s.Node.Memory.WorkingSetBytes == nil || !s.Node.Memory.Time.After(k.last[node.Name]) {
		return
	}
	k.last[node.Name] = s.Node.Memory.Time
	one := k.tally.stamp
	one.At, one.Scope, one.Node, one.CPUs = k.Clock.At(s.Node.Memory.Time), record.ScopeNode, node.Name, node.CPUs
	one.MemoryBytes, one.CPU = *s.Node.Memory.WorkingSetBytes, s.Node.CPU.used()
	k.Emit(one)
}

func (k *kubelets) readPods(s summary, instances map[string]ksvc.Instance) {
	for _, p := range s.Pods {
		if i, ours := instances[p.PodRef.UID]; ours && p.Memory.WorkingSetBytes != nil {
			k.tally.add(i, k.Clock.At(p.Memory.Time), use{*p.Memory.WorkingSetBytes, p.CPU.used()})
		}
	}
}

func (r reading) used() time.Duration {
	if r.UsageCoreNanoSeconds == nil {
		return 0
	}
	return time.Duration(*r.UsageCoreNanoSeconds)
}
