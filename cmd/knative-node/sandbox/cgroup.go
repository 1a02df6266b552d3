package sandbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cgroupName is the group, below the caller's, that holds the whole node.
const cgroupName = "knative-node"

const cgroupRoot = "/sys/fs/cgroup"

// hierarchy is one mounted cgroup tree.
type hierarchy struct {
	mountPoint string
	// controllers are the mount's own, as in "cpu,cpuacct"; empty on version 2
	// and on trees without a controller.
	controllers string
	v2          bool
}

// hierarchies lists the cgroup trees in mountinfo (see proc(5)).
func hierarchies(mountinfo []byte) []hierarchy {
	var all []hierarchy
	lines := bufio.NewScanner(bytes.NewReader(mountinfo))
	for lines.Scan() {
		left, right, ok := strings.Cut(lines.Text(), " - ")
		fields, tail := strings.Fields(left), strings.Fields(right)
		if !ok || len(fields) < 5 || len(tail) < 3 {
			continue
		}
		switch tail[0] {
		case "cgroup2":
			all = append(all, hierarchy{mountPoint: fields[4], v2: true})
		case "cgroup":
			all = append(all, hierarchy{mountPoint: fields[4], controllers: controllersOf(tail[2])})
		}
	}
	return all
}

// controllersOf keeps the controllers among the options of a cgroup mount.
func controllersOf(options string) string {
	var keep []string
	for _, option := range strings.Split(options, ",") {
		switch option {
		case "rw", "ro", "none", "xattr", "clone_children", "noprefix":
		default:
			if !strings.Contains(option, "=") {
				keep = append(keep, option)
			}
		}
	}
	return strings.Join(keep, ",")
}

func mounted() ([]hierarchy, error) {
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	return hierarchies(mountinfo), nil
}

// CgroupVersion is 1 where a controller is mounted on a tree of its own (also
// where version 2 is mounted beside it), else 2, and 0 without any cgroups.
func CgroupVersion() (int, error) {
	all, err := mounted()
	version := 0
	for _, h := range all {
		if h.controllers != "" {
			return 1, err
		}
		if h.v2 {
			version = 2
		}
	}
	return version, err
}

// joinCgroups moves this process into the node's group of every tree and makes
// those groups the roots of what the sandbox sees.
func joinCgroups() error {
	all, err := mounted()
	if err != nil {
		return err
	}
	for _, h := range all {
		if err := h.join(); err != nil {
			return err
		}
	}
	return unix.Unshare(unix.CLONE_NEWCGROUP)
}

func (h hierarchy) join() error {
	dir := filepath.Join(h.mountPoint, cgroupName)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// A new cpuset (version 1) is empty and takes no process until it is filled.
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		if h.v2 {
			break
		}
		if value, err := os.ReadFile(filepath.Join(h.mountPoint, file)); err == nil {
			if err := os.WriteFile(filepath.Join(dir, file), bytes.TrimSpace(value), 0o644); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte("0"), 0o644)
}

// mountCgroups mounts the node's own view: one version only, because container
// runtimes refuse a mixture in which version 2 has controllers.
func mountCgroups() error {
	version, err := cgroupVersionBefore()
	if err != nil {
		return err
	}
	if version == 2 {
		return mountUnified()
	}
	return mountLegacy()
}

// cgroupVersionBefore reads the version from this process's membership: the
// host's mounts are hidden by now.
func cgroupVersionBefore() (int, error) {
	membership, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0, err
	}
	for _, tree := range legacyTrees(membership) {
		if tree.options == tree.name {
			return 1, nil
		}
	}
	return 2, nil
}

// legacyTree is a version 1 tree: where it is mounted below cgroupRoot, and the
// options that mount it.
type legacyTree struct{ name, options string }

// legacyTrees lists the version 1 trees from the lines "id:controllers:path" of
// /proc/self/cgroup. One without controllers has a name instead; the kubelet
// wants it to be mounted all the same.
func legacyTrees(membership []byte) []legacyTree {
	var all []legacyTree
	for line := range strings.Lines(string(membership)) {
		fields := strings.SplitN(line, ":", 3)
		if len(fields) != 3 || fields[1] == "" {
			continue
		}
		if name, ok := strings.CutPrefix(fields[1], "name="); ok {
			all = append(all, legacyTree{name, "none,name=" + name})
		} else {
			all = append(all, legacyTree{fields[1], fields[1]})
		}
	}
	return all
}

const cgroupFlags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

func mountLegacy() error {
	membership, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return err
	}
	if err := mount("tmpfs", cgroupRoot, cgroupFlags, "mode=755"); err != nil {
		return err
	}
	for _, tree := range legacyTrees(membership) {
		target := filepath.Join(cgroupRoot, tree.name)
		if err := os.Mkdir(target, 0o755); err != nil {
			return err
		}
		if err := mount("cgroup", target, cgroupFlags, tree.options); err != nil {
			return err
		}
		// The kubelet wants to be in the same group of both.
		if tree.has("cpu") || tree.has("memory") {
			if err := joinSystem(target); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t legacyTree) has(controller string) bool {
	return slices.Contains(strings.Split(t.options, ","), controller)
}

// joinSystem moves this process, and so all that it starts, into a group beside
// the kubelet's of the pods, as system.slice is on a machine with systemd. Else
// each process would weigh as much as half of all pods together, and hundreds of
// container runtimes at work would leave nothing to those that have started.
func joinSystem(tree string) error {
	group := filepath.Join(tree, "system")
	if err := os.MkdirAll(group, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte("0"), 0o644)
}

// mountUnified mounts version 2. A group that hands controllers to its children
// may hold no process of its own.
func mountUnified() error {
	if err := mount("cgroup2", cgroupRoot, cgroupFlags, ""); err != nil {
		return err
	}
	if err := joinSystem(cgroupRoot); err != nil {
		return err
	}
	available, err := os.ReadFile(filepath.Join(cgroupRoot, "cgroup.controllers"))
	if err != nil {
		return err
	}
	var enable []string
	for _, controller := range strings.Fields(string(available)) {
		enable = append(enable, "+"+controller)
	}
	control := filepath.Join(cgroupRoot, "cgroup.subtree_control")
	return os.WriteFile(control, []byte(strings.Join(enable, " ")), 0o644)
}

// RemoveCgroups removes the node's groups. Its processes must have ended; the
// kernel needs a moment to forget them, which RemoveCgroups waits for.
func RemoveCgroups() error {
	all, err := mounted()
	if err != nil {
		return err
	}
	var errs []error
	for _, h := range all {
		errs = append(errs, removeTree(filepath.Join(h.mountPoint, cgroupName)))
	}
	return errors.Join(errs...)
}

// removeTree removes a group and those below it, deepest first.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err = unix.Rmdir(dir)
		if err == nil || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) || time.Now().After(deadline) {
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		}
	}
}
