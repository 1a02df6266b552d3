package ksvc

import (
	"io/fs"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// machine is what this machine says of its processor. It describes the cluster
// only if the cluster's one node is this machine.
type machine struct {
	machineID, bootID         string
	cpuModel, governor, boost string
}

// thisMachine reads /proc and /sys under root.
func thisMachine(root fs.FS) machine {
	read := func(name string) string {
		b, err := fs.ReadFile(root, name)
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(b))
	}
	return machine{
		machineID: read("etc/machine-id"),
		bootID:    read("proc/sys/kernel/random/boot_id"),
		cpuModel:  cpuModel(read("proc/cpuinfo")),
		governor:  read("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		boost:     boost(read("sys/devices/system/cpu/cpufreq/boost"), read("sys/devices/system/cpu/intel_pstate/no_turbo")),
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

// boost is "on", "off" or "" for unknown, from the two files that drivers have
// for it: one says that it is on, the other that it is off.
func boost(enabled, noTurbo string) string {
	switch {
	case enabled == "1" || noTurbo == "0":
		return "on"
	case enabled == "0" || noTurbo == "1":
		return "off"
	}
	return ""
}

// is says whether a node is this machine. The boot id is the kernel's, so it
// holds for a node in namespaces or containers of this machine, too; a machine id
// may have been copied with a disk, so it counts only where there is no boot id.
func (m machine) is(n corev1.Node) bool {
	i := n.Status.NodeInfo
	if m.bootID != "" && i.BootID != "" {
		return m.bootID == i.BootID
	}
	return m.machineID != "" && m.machineID == i.MachineID
}

func (m machine) describe(f *record.Fingerprint, nodes []corev1.Node) {
	if len(nodes) == 1 && m.is(nodes[0]) {
		f.CPUModel, f.Governor, f.Boost = m.cpuModel, m.governor, m.boost
	}
}
