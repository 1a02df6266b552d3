package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// This file holds what happens to the host's cgroups: the node joins groups of its
// own there, and Down removes them. cgroupmount.go holds what the sandbox sees.

// cgroupName is the name of the group that holds the whole node. There is one in
// each of the host's cgroup hierarchies.
const cgroupName = "knative-node"

// cgroupMounts lists the host's cgroup hierarchies by where they are mounted.
func cgroupMounts() ([]*mountinfo.Info, error) {
	mounts, err := mountinfo.GetMounts(mountinfo.FSTypeFilter("cgroup", "cgroup2"))
	if err != nil {
		return nil, fmt.Errorf("list the mounted cgroups: %w", err)
	}
	return mounts, nil
}

// HasCgroups says whether any cgroup hierarchy is mounted on the host.
func HasCgroups() (bool, error) {
	mounts, err := cgroupMounts()
	return len(mounts) > 0, err
}

// joinCgroups moves this process into the node's group of every hierarchy, and
// makes these groups the roots of what the sandbox sees.
func joinCgroups() error {
	mounts, err := cgroupMounts()
	if err != nil {
		return err
	}
	for _, m := range mounts {
		if err := joinCgroup(m.Mountpoint, m.FSType == "cgroup"); err != nil {
			return err
		}
	}
	return unix.Unshare(unix.CLONE_NEWCGROUP)
}

// joinCgroup moves this process into the node's group of one hierarchy. A new
// group of version 1 has no processors and no memory nodes, and takes no process
// until it is given those of its parent.
func joinCgroup(mountPoint string, version1 bool) error {
	group := filepath.Join(mountPoint, cgroupName)
	if err := os.Mkdir(group, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if version1 {
		if err := copyCpuset(mountPoint, group); err != nil {
			return err
		}
	}
	return joinGroup(group)
}

// copyCpuset does nothing in a hierarchy that has no cpuset controller.
func copyCpuset(from, to string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(from, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, file), bytes.TrimSpace(value), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// joinGroup moves this process into a group. The kernel takes 0 for the process
// that writes it.
func joinGroup(group string) error {
	return os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte("0"), 0o644)
}

// RemoveCgroups removes the node's groups. The node's processes must have ended.
// The kernel needs a moment to notice that, and RemoveCgroups waits for it.
func RemoveCgroups() error {
	mounts, err := cgroupMounts()
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range mounts {
		errs = append(errs, removeGroup(filepath.Join(m.Mountpoint, cgroupName)))
	}
	return errors.Join(errs...)
}

// RemoveGroups removes those of the node's groups whose names begin like this, in each
// hierarchy. Their processes must have ended.
func RemoveGroups(prefix string) error {
	mounts, err := cgroupMounts()
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range mounts {
		groups, err := filepath.Glob(filepath.Join(m.Mountpoint, cgroupName, prefix+"*"))
		errs = append(errs, err)
		for _, group := range groups {
			errs = append(errs, removeGroup(group))
		}
	}
	return errors.Join(errs...)
}

// removeGroup removes a group and all groups below it, the deepest first.
func removeGroup(group string) error {
	entries, _ := os.ReadDir(group) // what is wrong with the group, Rmdir says below
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeGroup(filepath.Join(group, entry.Name())); err != nil {
				return err
			}
		}
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := unix.Rmdir(group)
		if err == nil || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) || time.Now().After(deadline) {
			return fmt.Errorf("remove cgroup %s: %w", group, err)
		}
	}
}
