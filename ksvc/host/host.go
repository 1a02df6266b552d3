// Package host reads what the computer that this program runs on says of itself. It
// describes the cluster only if the host is the cluster's one node.
package host

import (
	"io/fs"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Host is the computer that this program runs on. A field is empty where the host
// does not tell.
type Host struct {
	machineID, bootID string
	// CPUModel is the first processor's name, Governor its frequency governor.
	CPUModel, Governor string
	// Boost is "on" or "off".
	Boost string
}

// This reads the files of this host.
func This() Host { return Read(os.DirFS("/")) }

// Read reads /proc, /sys and /etc under root.
func Read(root fs.FS) Host {
	read := func(name string) string {
		b, err := fs.ReadFile(root, name)
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(b))
	}
	return Host{
		machineID: read("etc/machine-id"),
		bootID:    read("proc/sys/kernel/random/boot_id"),
		CPUModel:  cpuModel(read("proc/cpuinfo")),
		Governor:  read("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		Boost:     boost(read("sys/devices/system/cpu/cpufreq/boost"), read("sys/devices/system/cpu/intel_pstate/no_turbo")),
	}
}

// cpuModel is the first processor's name in /proc/cpuinfo.
func cpuModel(info string) string {
	for line := range strings.Lines(info) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// boost reads the two files that drivers have for it: one says that the boost is
// on, the other that it is off.
func boost(enabled, noTurbo string) string {
	switch {
	case enabled == "1" || noTurbo == "0":
		return "on"
	case enabled == "0" || noTurbo == "1":
		return "off"
	}
	return ""
}

// Is says whether a node is this host. The boot id is the kernel's, so it also holds
// for a node in namespaces or containers of the host. A machine id may have been
// copied with a disk, so it counts only where there is no boot id.
func (h Host) Is(n corev1.Node) bool {
	i := n.Status.NodeInfo
	if h.bootID != "" && i.BootID != "" {
		return h.bootID == i.BootID
	}
	return h.machineID != "" && h.machineID == i.MachineID
}
