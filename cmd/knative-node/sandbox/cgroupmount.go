package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// cgroupRoot is where the sandbox mounts its own view of the cgroups.
const cgroupRoot = "/sys/fs/cgroup"

const cgroupFlags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

// mountCgroups mounts the sandbox's own view of its cgroups. On a host that has
// version 1 and version 2 side by side it mounts version 1 alone, because
// container runtimes refuse a mixture in which version 2 has controllers.
func mountCgroups() error {
	hierarchies, err := version1OfSelf()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(hierarchies, version1Hierarchy.hasController) {
		return mountVersion1(hierarchies)
	}
	return mountVersion2()
}

// version1OfSelf are the hierarchies of version 1 that this process knows, because it has
// a group in each. It knows them even where the host's mounts are hidden.
func version1OfSelf() ([]version1Hierarchy, error) {
	self, err := procfs.Self()
	if err != nil {
		return nil, err
	}
	memberships, err := self.Cgroups()
	if err != nil {
		return nil, fmt.Errorf("read the cgroups of this process: %w", err)
	}
	return version1Hierarchies(memberships), nil
}

// version1Hierarchy is one of the several hierarchies of version 1.
type version1Hierarchy struct {
	// name is the folder below cgroupRoot, as in "cpu,cpuacct" and "systemd".
	name string
	// controllers is empty for a hierarchy that only groups processes.
	controllers []string
}

// version1Hierarchies keeps the hierarchies of version 1. One without controllers
// has a name instead, as in "name=systemd". The kubelet wants it mounted as well.
func version1Hierarchies(memberships []procfs.Cgroup) []version1Hierarchy {
	var all []version1Hierarchy
	for _, m := range memberships {
		switch name, named := strings.CutPrefix(strings.Join(m.Controllers, ","), "name="); {
		case named:
			all = append(all, version1Hierarchy{name: name})
		case name != "": // version 2 has neither
			all = append(all, version1Hierarchy{name: name, controllers: m.Controllers})
		}
	}
	return all
}

func (h version1Hierarchy) hasController() bool { return len(h.controllers) > 0 }

// mountOptions are the options that tell the kernel which hierarchy to mount.
func (h version1Hierarchy) mountOptions() string {
	if h.hasController() {
		return h.name
	}
	return "none,name=" + h.name
}

func mountVersion1(hierarchies []version1Hierarchy) error {
	if err := mount("tmpfs", cgroupRoot, cgroupFlags, "mode=755"); err != nil {
		return err
	}
	for _, h := range hierarchies {
		target := filepath.Join(cgroupRoot, h.name)
		if err := os.Mkdir(target, 0o755); err != nil {
			return err
		}
		if err := mount("cgroup", target, cgroupFlags, h.mountOptions()); err != nil {
			return err
		}
		// The kubelet wants to be in the same group of these two controllers.
		if slices.Contains(h.controllers, "cpu") || slices.Contains(h.controllers, "memory") {
			if err := joinSystemGroup(target); err != nil {
				return err
			}
		}
	}
	return nil
}

// mountVersion2 mounts version 2 and hands all controllers on to the groups below
// the root. This process leaves the root first: see handOn.
func mountVersion2() error {
	if err := mount("cgroup2", cgroupRoot, cgroupFlags, ""); err != nil {
		return err
	}
	if err := joinSystemGroup(cgroupRoot); err != nil {
		return err
	}
	available, err := readWords(filepath.Join(cgroupRoot, "cgroup.controllers"))
	if err != nil {
		return err
	}
	return handOn(cgroupRoot, available)
}

// joinSystemGroup moves this process, and with it everything that it starts, into
// a group beside the kubelet's group of the pods. A machine with systemd has the
// same in system.slice. Without it, each process would weigh half as much as all
// pods together, and hundreds of container runtimes at work would leave no
// processor time to the containers that have started.
func joinSystemGroup(hierarchy string) error {
	group := filepath.Join(hierarchy, "system")
	if err := os.MkdirAll(group, 0o755); err != nil {
		return err
	}
	return joinGroup(group)
}
