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
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// The periods of a machine's readings.
const (
	nodePeriod = 100 * time.Millisecond
	sumPeriod  = time.Second
)

// atOnce is how many instances are read each time that the node is. It bounds the
// sampler's share of the CPU, and how long it may be in the way of the requests
// that are being sent: about a millisecond.
const atOnce = 25

// machine reads the node that this machine is. Instances take turns:
//
//	node     |  |  |  |  |  |  |  |  |  |  |     each 100 ms
//	10       x--------- sum -----------------x    all at once, each second
//	60       25 25 10 - sum ---------------- 25   in three goes, each second
//	500      25 25 25 25 …                   25   in twenty goes, each two seconds
type machine struct {
	Options
	name    string
	meminfo string
	stat    string
	cgroups hierarchy
	parents []parent
	// whole is the group that holds the node, with nothing in it where there is none.
	whole  group
	reader reader
	tally  *tally

	known map[string]group // of instances, by UID
	sweep []ksvc.Instance  // what is left to be read for the present sum
	begun time.Duration    // when that sum was begun
}

// newMachine fails where no kubelet keeps its pods in cgroups that are seen here.
func newMachine(root, name string, o Options) (*machine, error) {
	h, err := findHierarchy(root)
	if err != nil {
		return nil, err
	}
	m := &machine{
		Options: o, name: name, cgroups: h, parents: h.parents(), begun: -sumPeriod,
		meminfo: filepath.Join(root, "proc/meminfo"), stat: filepath.Join(root, "proc/stat"),
		tally: newTally(o.Emit, record.Resource{}), known: map[string]group{},
	}
	if len(m.parents) == 0 {
		return nil, errors.New("no cgroup of pods is on this machine")
	}
	if whole := h.group(nodeGroup); readable(whole, &m.reader) {
		m.whole = whole
	}
	return m, nil
}

func readable(g group, r *reader) bool {
	_, err := g.workingSet(r)
	return err == nil
}

func (m *machine) period() time.Duration { return nodePeriod }

func (m *machine) read(context.Context) error {
	err := m.readNode()
	m.readInstances()
	return err
}

func (m *machine) readNode() error {
	one := record.Resource{At: m.Clock.Now(), Scope: record.ScopeNode, Node: m.name, CPUs: runtime.NumCPU()}
	var err error
	if one.MemoryBytes, err = memoryUsed(m.meminfo, &m.reader); err != nil {
		return err
	}
	if one.CPU, err = cpuUsed(m.stat, &m.reader); err != nil {
		return err
	}
	if m.whole != (group{}) {
		if one.WorkingSetBytes, err = m.whole.workingSet(&m.reader); err != nil {
			return err
		}
	}
	m.Emit(one)
	return nil
}

// memoryUsed is the memory that is not available to programs.
func memoryUsed(meminfo string, r *reader) (int64, error) {
	text, err := r.read(meminfo)
	if err != nil {
		return 0, err
	}
	total, err := kibibytes(text, "MemTotal")
	if err != nil {
		return 0, err
	}
	available, err := kibibytes(text, "MemAvailable")
	return total - available, err
}

func kibibytes(meminfo []byte, key string) (int64, error) {
	value := bytes.TrimSpace(bytes.TrimSuffix(behind(meminfo, key), []byte("kB")))
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read meminfo: no %s", key)
	}
	return n << 10, nil
}

// tick is the unit of /proc/stat, the same on every machine that Go runs on.
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
func (m *machine) readInstances() {
	if len(m.sweep) == 0 {
		now := m.Clock.Now()
		if now-m.begun < sumPeriod {
			return
		}
		m.begun, m.sweep = now, m.Instances()
		m.forget()
	}
	now := m.sweep[:min(atOnce, len(m.sweep))]
	m.sweep = m.sweep[len(now):]
	for _, i := range now {
		m.readInstance(i)
	}
	if len(m.sweep) == 0 {
		m.tally.finish()
	}
}

// forget drops the groups of instances that are gone.
func (m *machine) forget() {
	known := make(map[string]group, len(m.sweep))
	for _, i := range m.sweep {
		if g, ok := m.known[i.UID]; ok {
			known[i.UID] = g
		}
	}
	m.known = known
}

// readInstance leaves out an instance that has no group yet, or no more.
func (m *machine) readInstance(i ksvc.Instance) {
	g, ok := m.known[i.UID]
	if !ok {
		if g, ok = m.cgroups.find(m.parents, i.UID); !ok {
			return
		}
		m.known[i.UID] = g
	}
	at := m.Clock.Now()
	u, err := g.use(&m.reader)
	if err != nil {
		delete(m.known, i.UID)
		return
	}
	m.tally.add(i, at, u)
}
