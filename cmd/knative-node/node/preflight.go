package node

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// What a node needs of the machine.
const (
	minMemory = 3 << 30
	minDisk   = 4 << 30
)

// Finding is one thing that Preflight found wrong.
type Finding struct {
	// Fatal keeps the node from booting.
	Fatal bool
	// Problem says what is wrong, Hint what to do.
	Problem, Hint string
}

// Preflight looks for what would keep a node from booting, before anything is
// started.
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

func checkKernel(Layout) []Finding {
	var all []Finding
	filesystems, _ := os.ReadFile("/proc/filesystems")
	if !strings.Contains(string(filesystems), "\toverlay\n") {
		all = append(all, fatal("load it: modprobe overlay", "the kernel has no overlay file system")...)
	}
	for _, feature := range []struct{ name, path, module string }{
		{"bridge netfilter", "/proc/sys/net/bridge/bridge-nf-call-iptables", "br_netfilter"},
		{"network connection tracking", "/proc/sys/net/netfilter/nf_conntrack_max", "nf_conntrack"},
		{"network namespaces", "/proc/self/ns/net", ""},
		{"cgroup namespaces", "/proc/self/ns/cgroup", ""},
	} {
		if exists(feature.path) {
			continue
		}
		hint := "use a kernel that has them"
		if feature.module != "" {
			hint = "load it: modprobe " + feature.module
		}
		all = append(all, fatal(hint, "the kernel has no %s (%s)", feature.name, feature.path)...)
	}
	if version, err := sandbox.CgroupVersion(); err != nil || version == 0 {
		all = append(all, fatal("mount cgroup2 on /sys/fs/cgroup", "no cgroups are mounted")...)
	}
	if err := sandbox.TryPair(); err != nil {
		all = append(all, fatal("load it: modprobe veth", "the kernel makes no pair of virtual interfaces: %v", err)...)
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

// checkBuild finds missing programs. crun and gVisor are left out without harm.
func checkBuild(l Layout) []Finding {
	var all []Finding
	for _, program := range []string{
		"kube", "etcd", "containerd", "containerd-shim-runc-v2", "runc", "coredns", "traefik",
		"activator", "autoscaler", "controller", "webhook", "queue", "coldfn",
	} {
		if !exists(l.Bin(program)) {
			all = append(all, fatal("build the node: make node", "%s is missing", l.Bin(program))...)
		}
	}
	for handler, program := range map[string]string{"crun": l.Crun(), "gvisor": l.Bin("runsc")} {
		if !exists(program) {
			all = append(all, Finding{false, fmt.Sprintf("%s is missing: no RuntimeClass %s", program, handler), "to have it: make node"})
		}
	}
	return all
}

func checkMemory(Layout) []Finding {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return fatal("mount /proc", "read memory: %v", err)
	}
	for line := range strings.Lines(string(b)) {
		rest, ok := strings.CutPrefix(line, "MemAvailable:")
		if kib := numbers(rest); ok && len(kib) > 0 && kib[0]<<10 < minMemory {
			return fatal("free some", "%d MiB of memory are available, the node needs %d", kib[0]>>10, minMemory>>20)
		}
	}
	return nil
}

func checkDisk(l Layout) []Finding {
	dir := l.State
	for !exists(dir) {
		dir = dir[:strings.LastIndexByte(dir, '/')]
		if dir == "" {
			dir = "/"
		}
	}
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return fatal("name another folder with --state-dir", "read free space of %s: %v", dir, err)
	}
	if free := s.Bavail * uint64(s.Bsize); free < minDisk {
		return fatal("free some, or name a folder elsewhere with --state-dir",
			"%d MiB of disk are free under %s, the node needs %d", free>>20, dir, minDisk>>20)
	}
	return nil
}

func checkAddresses(Layout) []Finding {
	used, err := sandbox.RangeInUse()
	if err != nil {
		return fatal("", "%v", err)
	}
	if used != "" {
		return fatal("end what uses it; is another node up? see 'knative-node status'",
			"the address range %s, which the node needs, is in use: there is a route to %s", sandbox.Range, used)
	}
	return nil
}
