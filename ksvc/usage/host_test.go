package usage

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/watch"
)

// hybrid and unified are mounts as in /proc/self/mountinfo.
const (
	hybrid = `24 1 0:21 / /sys/fs/cgroup rw - tmpfs tmpfs rw
25 24 0:22 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
26 24 0:23 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
27 24 0:24 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`
	unified = `25 24 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
`
	meminfo = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\nBuffers: 1 kB\nCached: 20 kB\nSReclaimable: 300 kB\n"
	stat    = "cpu  100 20 30 4000 50 6 7 80 90 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
)

// files is a tree of them, by path.
type files map[string]string

func (f files) with(more files) files {
	all := files{"proc/meminfo": meminfo, "proc/stat": stat}
	for _, each := range []files{f, more} {
		for path, text := range each {
			all[path] = text
		}
	}
	return all
}

func (f files) write(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for path, text := range f {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// legacy is a group of version 1, modern one of version 2.
func legacy(path string, usage, inactive, cpu int) files {
	return files{
		"sys/fs/cgroup/memory/" + path + "/memory.usage_in_bytes": fmt.Sprintln(usage),
		"sys/fs/cgroup/memory/" + path + "/memory.stat":           fmt.Sprintf("cache 1\ninactive_file 1\ntotal_cache 150\ntotal_inactive_file %d\n", inactive),
		"sys/fs/cgroup/cpu,cpuacct/" + path + "/cpuacct.usage":    fmt.Sprintln(cpu),
		"proc/self/mountinfo":                                     hybrid,
	}
}

func modern(path string, usage, inactive, cpu int) files {
	return files{
		"sys/fs/cgroup/" + path + "/memory.current": fmt.Sprintln(usage),
		"sys/fs/cgroup/" + path + "/memory.stat":    fmt.Sprintf("anon 5\nfile 150\ninactive_file %d\ninactive_file_x 7\n", inactive),
		"sys/fs/cgroup/" + path + "/cpu.stat":       fmt.Sprintf("usage_usec %d\nuser_usec 1\n", cpu/1000),
		"proc/self/mountinfo":                       unified,
	}
}

const uid = "e5c75701-4192-4fbe-9e7f-4936443a92c4"

// collect is a machine whose readings are kept.
func collect(t *testing.T, root string, instances ...watch.Instance) (*ownNode, *[]record.Resource) {
	t.Helper()
	kept := &[]record.Resource{}
	m, err := newOwnNode(root, "n", Options{
		Clock: record.NewClock(), Sums: time.Second, Instances: func() []watch.Instance { return instances },
		Emit: func(r record.Resource) { *kept = append(*kept, r) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, kept
}

var withoutTime = cmpopts.IgnoreFields(record.Resource{}, "At", "Span", "CPUs")

func TestMachineReadsBothVersionsAndDrivers(t *testing.T) {
	dashed := strings.ReplaceAll(uid, "-", "_")
	for name, test := range map[string]struct {
		tree  files
		whole int64
	}{
		"embedded node, version 1": {legacy("knative-node", 9000, 1000, 1).with(legacy("knative-node/kubepods/burstable/pod"+uid, 500, 100, 7000)), 8000},
		"embedded node, version 2": {modern("knative-node", 9000, 1000, 1).with(modern("knative-node/kubepods/besteffort/pod"+uid, 500, 100, 7000)), 8000},
		"guaranteed, version 1":    {legacy("kubepods/pod"+uid, 500, 100, 7000), 0},
		"systemd, version 2":       {modern("kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"+dashed+".slice", 500, 100, 7000), 0},
		"systemd, guaranteed":      {legacy("kubepods.slice/kubepods-pod"+dashed+".slice", 500, 100, 7000), 0},
	} {
		t.Run(name, func(t *testing.T) {
			m, kept := collect(t, test.tree.with(nil).write(t), watch.Instance{UID: uid, RuntimeClass: "runc", Node: "n", Ready: true},
				watch.Instance{UID: "no-group-yet", RuntimeClass: "runc"})
			if err := m.read(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := []record.Resource{
				{Scope: record.ScopeNode, Node: "n", MemoryBytes: 600 << 10, CacheBytes: 321 << 10, WorkingSetBytes: test.whole, CPU: 1630 * time.Millisecond},
				{Scope: record.ScopeInstance, Node: "n", RuntimeClass: "runc", UID: uid, MemoryBytes: 400, CacheBytes: 150, CPU: 7 * time.Microsecond},
				{Scope: record.ScopeClass, RuntimeClass: "runc", Instances: 1, MemoryBytes: 400, CacheBytes: 150, CPU: 7 * time.Microsecond},
			}
			if diff := cmp.Diff(want, *kept, withoutTime); diff != "" {
				t.Errorf("readings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMachineWithoutPodsOfAKubeletIsRefused(t *testing.T) {
	for name, tree := range map[string]files{
		"no pods":    modern("user.slice", 1, 0, 1).with(nil),
		"no cgroups": {"proc/self/mountinfo": "24 1 0:21 / / rw - ext4 disk rw\n"},
		"no /proc":   {"etc/x": ""},
	} {
		if _, err := newOwnNode(tree.write(t), "n", Options{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Many instances are read in turns, and each is in the sum once.
func TestInstancesTakeTurns(t *testing.T) {
	tree, list := files{}, []watch.Instance{}
	for i := range 2*atOnce + 1 {
		id, class := fmt.Sprintf("u%d", i), []string{"runc", "gvisor"}[i%2]
		tree = tree.with(legacy("knative-node/kubepods/burstable/pod"+id, 1000+i, 0, 1))
		list = append(list, watch.Instance{UID: id, RuntimeClass: class})
	}
	m, kept := collect(t, tree.write(t), list...)
	for turn := range 3 {
		*kept = nil
		m.readInstances()
		if turn < 2 && len(*kept) > 0 {
			t.Errorf("turn %d has readings already: %+v", turn, *kept)
		}
	}
	want := []record.Resource{
		{Scope: record.ScopeClass, RuntimeClass: "gvisor", Instances: 25, MemoryBytes: 25*1000 + 25*25, CacheBytes: 25 * 150, CPU: 25},
		{Scope: record.ScopeClass, RuntimeClass: "runc", Instances: 26, MemoryBytes: 26*1000 + 25*26, CacheBytes: 26 * 150, CPU: 26},
	}
	if diff := cmp.Diff(want, *kept, withoutTime); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
	if one := (*kept)[0]; one.Span <= 0 || one.Span > one.At {
		t.Errorf("the sum was read from %v before %v", one.Span, one.At)
	}
	m.readInstances()
	if len(m.sweep) > 0 {
		t.Error("the next sum began within the period")
	}
}

func TestAnInstanceThatGoesIsLeftOut(t *testing.T) {
	root := legacy("knative-node/kubepods/burstable/pod"+uid, 500, 100, 7).with(nil).write(t)
	m, kept := collect(t, root, watch.Instance{UID: uid, RuntimeClass: "runc"})
	m.readInstances()
	if err := os.RemoveAll(filepath.Join(root, "sys/fs/cgroup/memory/knative-node/kubepods/burstable/pod"+uid)); err != nil {
		t.Fatal(err)
	}
	*kept, m.begun = nil, -m.Sums
	m.readInstances()
	if len(*kept) > 0 || len(m.known) > 0 {
		t.Errorf("readings %+v of groups %v, want none", *kept, m.known)
	}
}

// What an instance used is still used when it is gone.
func TestCPUOfAClassNeverFalls(t *testing.T) {
	var told []string
	y := newTally(func(r record.Resource) {
		told = append(told, fmt.Sprint(r.RuntimeClass, " ", r.Instances, " ", r.CPU))
	}, record.Resource{})
	read := func(at time.Duration, used map[string]time.Duration) {
		for _, id := range slices.Sorted(maps.Keys(used)) {
			y.add(watch.Instance{UID: id, RuntimeClass: "runc"}, at, use{cpu: used[id]})
		}
		y.finish()
	}
	read(1, map[string]time.Duration{"a": 10, "b": 5})
	read(2, map[string]time.Duration{"b": 7})
	read(3, map[string]time.Duration{"a": 11, "b": 7, "c": 100})
	want := []string{"runc 2 15ns", "runc 1 17ns", "runc 3 118ns"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
}

func TestANodeThatCannotBeReadIsAnError(t *testing.T) {
	for _, broken := range []files{
		{"proc/meminfo": "MemTotal: 7 kB\n"}, {"proc/meminfo": "MemTotal: x kB\n"},
		{"proc/stat": "cpu 1 2\n"}, {"proc/stat": "cpu a b c d e f g\n"}, {"proc/stat": "intr 1\n"},
	} {
		m, kept := collect(t, legacy("kubepods/pod"+uid, 1, 0, 1).with(broken).write(t))
		if err := m.readNode(); err == nil || len(*kept) > 0 {
			t.Errorf("%v: error %v, readings %v", broken, err, *kept)
		}
	}
}

func TestOneInstanceIsWrittenDownNowAndThen(t *testing.T) {
	var at []time.Duration
	y := newTally(func(r record.Resource) {
		if r.Scope == record.ScopeInstance {
			at = append(at, r.At)
		}
	}, record.Resource{})
	for second := range 100 {
		now := time.Duration(second) * time.Second
		y.add(watch.Instance{UID: uid, Ready: second >= 7}, now, use{})
		y.finish()
	}
	want := []time.Duration{7 * time.Second, 37 * time.Second, 67 * time.Second, 97 * time.Second}
	if diff := cmp.Diff(want, at); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// BenchmarkSecond reads real cgroups, empty ones that it makes, and needs to be root:
//
//	go test ./ksvc/usage -run '^$' -bench Second
//
// One of its rounds is a second of sampling; of that, one core has 1e9 ns.
func BenchmarkSecond(b *testing.B) {
	h, err := findHierarchy("/")
	if err != nil {
		b.Skip(err)
	}
	for _, n := range []int{0, 10, 100, 500} {
		b.Run(fmt.Sprintf("instances=%d", n), func(b *testing.B) { benchmarkSecond(b, h, n) })
	}
}

func benchmarkSecond(b *testing.B, h hierarchy, n int) {
	base := fmt.Sprintf("kn-coldstart-bench-%d", os.Getpid())
	var list []watch.Instance
	for i := range n + 1 { // one to be there when there are none
		for _, tree := range []string{h.cpu, h.memory} {
			dir := filepath.Join(tree, base, fmt.Sprintf("pod%d", i))
			if err := os.MkdirAll(dir, 0o755); err != nil {
				b.Skip(err)
			}
			b.Cleanup(func() { _, _ = os.Remove(dir), os.Remove(filepath.Dir(dir)) })
		}
		list = append(list, watch.Instance{UID: fmt.Sprint(i), RuntimeClass: "runc", Ready: true})
	}
	o := Options{Clock: record.NewClock(), Sums: time.Second, Instances: func() []watch.Instance { return list[:n] }, Emit: func(record.Resource) {}}
	m := &ownNode{Options: o, cgroups: h, parents: []parent{{dir: base, prefix: "pod", dashed: true}}, whole: h.group(base),
		meminfo: "/proc/meminfo", stat: "/proc/stat", tally: newTally(o.Emit, record.Resource{}), known: map[string]group{}}
	b.ReportAllocs()
	for b.Loop() {
		m.begun = -m.Sums
		for range int(time.Second / nodePeriod) {
			if err := m.read(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
}
