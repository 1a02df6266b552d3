package node

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// The memory and the disk space, in bytes, that a node needs.
const (
	minMemory = 3 << 30
	minDisk   = 4 << 30
)

// Finding is one problem that Preflight found.
type Finding struct {
	// Fatal says that the node cannot boot.
	Fatal bool
	// Problem says what is wrong, Hint what to do about it.
	Problem, Hint string
}

// Preflight looks for everything that would keep the node from booting. It starts
// nothing, but loads modules that the kernel lacks.
func Preflight(l Layout) []Finding {
	if runtime.GOOS != "linux" {
		return []Finding{{true, "the embedded node needs Linux", "use --kubeconfig with a cluster elsewhere"}}
	}
	if os.Geteuid() != 0 {
		return []Finding{{true, "the embedded node needs root", "run the command with sudo"}}
	}
	var all []Finding
	for _, check := range []func(Layout) []Finding{
		checkKernel, checkPrograms, checkBuild, checkMemory, checkDisk, checkAddresses,
	} {
		all = append(all, check(l)...)
	}
	return all
}

func fatal(hint, format string, args ...any) []Finding {
	return []Finding{{true, fmt.Sprintf(format, args...), hint}}
}

// lacks says whether the kernel lacks something that a module may bring. The module is loaded
// if so: nothing else does that on a machine that has not run a container yet.
func lacks(there func() bool, module string) bool {
	if there() {
		return false
	}
	if module != "" {
		_ = exec.Command("modprobe", "-q", module).Run() // the second look tells whether it helped
	}
	return !there()
}

func hasOverlay() bool {
	filesystems, _ := os.ReadFile("/proc/filesystems")
	return strings.Contains(string(filesystems), "\toverlay\n")
}

func canMakePair() bool { return sandbox.TryPair() == nil }

func checkKernel(Layout) []Finding {
	var all []Finding
	if lacks(hasOverlay, "overlay") {
		all = append(all, fatal("load it: modprobe overlay", "the kernel has no overlay file system")...)
	}
	for _, feature := range []struct{ name, path, module string }{
		{"bridge netfilter", "/proc/sys/net/bridge/bridge-nf-call-iptables", "br_netfilter"},
		{"network connection tracking", "/proc/sys/net/netfilter/nf_conntrack_max", "nf_conntrack"},
		{"network namespaces", "/proc/self/ns/net", ""},
		{"cgroup namespaces", "/proc/self/ns/cgroup", ""},
	} {
		if !lacks(func() bool { return exists(feature.path) }, feature.module) {
			continue
		}
		hint := "use a kernel that has them"
		if feature.module != "" {
			hint = "load it: modprobe " + feature.module
		}
		all = append(all, fatal(hint, "the kernel has no %s (%s)", feature.name, feature.path)...)
	}
	if mounted, err := sandbox.HasCgroups(); err != nil || !mounted {
		all = append(all, fatal("mount cgroup2 on /sys/fs/cgroup", "no cgroups are mounted")...)
	}
	if lacks(canMakePair, "veth") {
		all = append(all, fatal("load it: modprobe veth", "the kernel cannot make a pair of virtual interfaces: %v", sandbox.TryPair())...)
	}
	return all
}

func checkPrograms(Layout) []Finding {
	var all []Finding
	for _, need := range []struct{ program, pkg string }{
		{initProgram, "catatonit"}, {"iptables", "iptables"}, {"mount", "mount"},
		{"/usr/lib/cni/bridge", "containernetworking-plugins"},
	} {
		if _, err := exec.LookPath(need.program); err != nil {
			all = append(all, fatal("run scripts/install-prerequisites, or: apt-get install "+need.pkg, "%s is missing", need.program)...)
		}
	}
	return all
}

// checkBuild finds programs that the build lacks.
func checkBuild(l Layout) []Finding {
	var all []Finding
	programs := append([]string{"kube", "etcd", "containerd", "containerd-shim-runc-v2"}, podPrograms...)
	for _, program := range programs {
		if !exists(l.Bin(program)) {
			all = append(all, fatal("build the node: make node", "%s is missing", l.Bin(program))...)
		}
	}
	return append(all, checkHandlers(l)...)
}

// checkHandlers finds handlers that the build lacks. The node can do without some.
func checkHandlers(l Layout) []Finding {
	var all []Finding
	for _, h := range l.ownHandlers() {
		if missing := h.Missing(); len(missing) > 0 && !h.OnDemand {
			problem := fmt.Sprintf("there will be no RuntimeClass %s: missing: %s", h.Name, strings.Join(missing, ", "))
			all = append(all, Finding{!h.Optional, problem, "build the node: make node"})
		}
	}
	return all
}

func checkMemory(Layout) []Finding {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return fatal("mount /proc", "read the available memory: %v", err)
	}
	memory, err := proc.Meminfo()
	if err != nil {
		return fatal("mount /proc", "read the available memory: %v", err)
	}
	// Kernels since version 3.14 have this value.
	if available := memory.MemAvailableBytes; available != nil && *available < minMemory {
		return fatal("end other programs", "%d MiB of memory are available, and the node needs %d", *available>>20, minMemory>>20)
	}
	return nil
}

func checkDisk(l Layout) []Finding {
	dir := l.State
	for !exists(dir) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
	}
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return fatal("choose another, empty folder with --state-dir", "read the free space of %s: %v", dir, err)
	}
	if free := s.Bavail * uint64(s.Bsize); free < minDisk {
		return fatal("delete something, or choose an empty folder on another disk with --state-dir",
			"%d MiB of disk are free in %s, and the node needs %d", free>>20, dir, minDisk>>20)
	}
	return nil
}

func checkAddresses(Layout) []Finding {
	used, err := sandbox.RangeInUse()
	if err != nil {
		return fatal("see whether the command 'ip route' works", "look for addresses that are in use: %v", err)
	}
	if used != "" {
		return fatal("end what uses it; perhaps another node is up: see 'kn-coldstart cluster status'",
			"the node needs the address range %s, and the host has a route to %s, which overlaps it", sandbox.Range, used)
	}
	return nil
}
