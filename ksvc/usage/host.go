package usage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/watch"
)

// nodePeriod is how often the host is read.
const nodePeriod = 100 * time.Millisecond

// atOnce is how many instances are read together with the node. It bounds the
// sampler's share of the CPU, and how long the sampler may hold up requests that are
// due: about a millisecond.
const atOnce = 25

// ownNode reads the node that is this host. Instances take turns:
//
//	node     |  |  |  |  |  |  |  |  |  |  |     each 100 ms
//	10       x--------- sum -----------------x    all at once, here with sums each second
//	60       25 25 10 - sum ---------------- 25   in three goes
//	500      25 25 25 25 …                   25   in twenty goes, each two seconds
type ownNode struct {
	Options
	name    string
	meminfo string
	stat    string
	cgroups hierarchy
	parents []parent
	// whole is the group that holds the node; it is empty where there is none.
	whole  group
	reader reader
	tally  *tally

	known map[string]group // of instances, by UID
	sweep []watch.Instance // what is left to be read for the present sum
	begun time.Duration    // when that sum was begun
}

// newOwnNode fails where no kubelet keeps its pods in cgroups of this host.
func newOwnNode(root, name string, o Options) (*ownNode, error) {
	h, err := findHierarchy(root)
	if err != nil {
		return nil, err
	}
	n := &ownNode{
		Options: o, name: name, cgroups: h, parents: h.parents(), begun: -o.Sums,
		meminfo: filepath.Join(root, "proc/meminfo"), stat: filepath.Join(root, "proc/stat"),
		tally: newTally(o.Emit, record.Resource{}), known: map[string]group{},
	}
	if len(n.parents) == 0 {
		return nil, errors.New("no cgroup of pods is on this host")
	}
	if whole := h.group(nodeGroup); readable(whole, &n.reader) {
		n.whole = whole
	}
	return n, nil
}

func readable(g group, r *reader) bool {
	_, _, err := g.memory(r)
	return err == nil
}

func (n *ownNode) period() time.Duration { return nodePeriod }

func (n *ownNode) read(context.Context) error {
	err := n.readNode()
	n.readInstances()
	return err
}

func (n *ownNode) readNode() error {
	one := record.Resource{At: n.Clock.Now(), Scope: record.ScopeNode, Node: n.name, CPUs: runtime.NumCPU()}
	var err error
	if one.MemoryBytes, one.CacheBytes, err = memoryOf(n.meminfo, &n.reader); err != nil {
		return err
	}
	if one.CPU, err = cpuUsed(n.stat, &n.reader); err != nil {
		return err
	}
	if n.whole != (group{}) {
		if one.WorkingSetBytes, _, err = n.whole.memory(&n.reader); err != nil {
			return err
		}
	}
	n.Emit(one)
	return nil
}

// memoryOf is the memory that is not available to programs, and the cache: what free(1)
// calls "used" and "buff/cache".
func memoryOf(meminfo string, r *reader) (used, cache int64, err error) {
	text, err := r.read(meminfo)
	if err != nil {
		return 0, 0, err
	}
	values := map[string]int64{}
	for _, key := range []string{"MemTotal", "MemAvailable", "Buffers", "Cached", "SReclaimable"} {
		if values[key], err = kibibytes(text, key); err != nil {
			return 0, 0, err
		}
	}
	return values["MemTotal"] - values["MemAvailable"], values["Buffers"] + values["Cached"] + values["SReclaimable"], nil
}

func kibibytes(meminfo []byte, key string) (int64, error) {
	value := bytes.TrimSpace(bytes.TrimSuffix(behind(meminfo, key), []byte("kB")))
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read meminfo: no %s", key)
	}
	return n << 10, nil
}

// tick is the unit of /proc/stat. It is the same on every system that Go runs on.
const tick = 10 * time.Millisecond

// cpuUsed is the time of all processors that was neither idle, nor waited for a
// disk, nor was stolen: user, nice, system, irq and softirq. Guests are in user.
func cpuUsed(stat string, r *reader) (time.Duration, error) {
	text, err := r.read(stat)
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(behind(text, "cpu"))
	if len(fields) < 7 {
		return 0, fmt.Errorf("read %s: no line of all processors", stat)
	}
	var used time.Duration
	for _, i := range []int{0, 1, 2, 5, 6} {
		n, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", stat, err)
		}
		used += time.Duration(n) * tick
	}
	return used, nil
}

// readInstances goes on with the sum, or begins the next when it is time.
func (n *ownNode) readInstances() {
	if len(n.sweep) == 0 {
		now := n.Clock.Now()
		if now-n.begun < n.Sums-nodePeriod/2 {
			return
		}
		n.begun, n.sweep = now, n.Instances()
		n.forget()
	}
	now := n.sweep[:min(atOnce, len(n.sweep))]
	n.sweep = n.sweep[len(now):]
	for _, i := range now {
		n.readInstance(i)
	}
	if len(n.sweep) == 0 {
		n.tally.finish()
	}
}

// forget drops the groups of instances that are gone.
func (n *ownNode) forget() {
	known := make(map[string]group, len(n.sweep))
	for _, i := range n.sweep {
		if g, ok := n.known[i.UID]; ok {
			known[i.UID] = g
		}
	}
	n.known = known
}

// readInstance leaves out an instance that has no group yet, or no more.
func (n *ownNode) readInstance(i watch.Instance) {
	g, ok := n.known[i.UID]
	if !ok {
		if g, ok = n.cgroups.find(n.parents, i.UID); !ok {
			return
		}
		n.known[i.UID] = g
	}
	at := n.Clock.Now()
	u, err := g.use(&n.reader)
	if err != nil {
		delete(n.known, i.UID)
		return
	}
	n.tally.add(i, at, u)
}
