package usage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/watch"
)

// kubeletPeriod is how often a kubelet looks at what its pods use.
const kubeletPeriod = 10 * time.Second

// kubelets asks the nodes that instances run on, or the only node there is. The
// times are those of the kubelets: whole seconds, and as good as their clocks.
type kubelets struct {
	Options
	nodes []node // may lack those that came later
	tally *tally
	// last are the times of the nodes' last readings.
	last map[string]time.Time
}

func newKubelets(nodes []node, o Options) *kubelets {
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
	instances := map[string]watch.Instance{}
	for _, i := range k.Instances() {
		instances[i.UID] = i
	}
	errs := []error{k.refresh(ctx, instances)}
	for _, n := range k.asked(instances) {
		s, err := k.ask(ctx, n.name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		k.readNode(n, s)
		k.readPods(s, instances)
	}
	k.tally.finish()
	return errors.Join(errs...)
}

// refresh lists the nodes anew when an instance runs on one that was added since.
func (k *kubelets) refresh(ctx context.Context, instances map[string]watch.Instance) error {
	for _, i := range instances {
		if i.Node == "" || slices.ContainsFunc(k.nodes, func(n node) bool { return n.name == i.Node }) {
			continue
		}
		nodes, err := listNodes(ctx, k.Client)
		if err == nil {
			k.nodes = nodes
		}
		return err
	}
	return nil
}

// asked are the nodes that are worth a request.
func (k *kubelets) asked(instances map[string]watch.Instance) []node {
	if len(k.nodes) == 1 {
		return k.nodes
	}
	used := map[string]bool{}
	for _, i := range instances {
		used[i.Node] = true
	}
	return slices.DeleteFunc(slices.Clone(k.nodes), func(n node) bool { return !used[n.name] })
}

func (k *kubelets) ask(ctx context.Context, node string) (s summary, err error) {
	text, err := readSummary(ctx, k.Client, node)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read the kubelet's summary of node %s: %w", node, err)
	}
	return s, nil
}

func (k *kubelets) readNode(n node, s summary) {
	if s.Node.Memory.WorkingSetBytes == nil || !s.Node.Memory.Time.After(k.last[n.name]) {
		return
	}
	k.last[n.name] = s.Node.Memory.Time
	one := k.tally.stamp
	one.At, one.Scope, one.Node, one.CPUs = k.Clock.At(s.Node.Memory.Time), record.ScopeNode, n.name, n.cpus
	one.MemoryBytes, one.CPU = *s.Node.Memory.WorkingSetBytes, s.Node.CPU.used()
	k.Emit(one)
}

func (k *kubelets) readPods(s summary, instances map[string]watch.Instance) {
	for _, p := range s.Pods {
		if i, ours := instances[p.PodRef.UID]; ours && p.Memory.WorkingSetBytes != nil {
			k.tally.add(i, k.Clock.At(p.Memory.Time), use{memory: *p.Memory.WorkingSetBytes, cpu: p.CPU.used()})
		}
	}
}

func (r reading) used() time.Duration {
	if r.UsageCoreNanoSeconds == nil {
		return 0
	}
	return time.Duration(*r.UsageCoreNanoSeconds)
}
