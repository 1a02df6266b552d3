package usage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// nodeGroup is the cgroup that holds the embedded node.
const nodeGroup = "knative-node"

// hierarchy is where cgroups are mounted. Version 1 has a tree for each controller,
// version 2 has one for all. Where both are mounted, the controllers are on version 1.
type hierarchy struct {
	memory, cpu string // mount points
	v2          bool
}

// findHierarchy reads the mounts below root; see proc(5).
func findHierarchy(root string) (hierarchy, error) {
	text, err := os.ReadFile(filepath.Join(root, "proc/self/mountinfo"))
	if err != nil {
		return hierarchy{}, err
	}
	var first, second hierarchy
	for line := range strings.Lines(string(text)) {
		left, right, _ := strings.Cut(line, " - ")
		fields, tail := strings.Fields(left), strings.Fields(right)
		if len(fields) < 5 || len(tail) < 3 {
			continue
		}
		point, options := filepath.Join(root, fields[4]), ","+tail[2]+","
		switch {
		case tail[0] == "cgroup2":
			second = hierarchy{memory: point, cpu: point, v2: true}
		case tail[0] == "cgroup" && strings.Contains(options, ",memory,"):
			first.memory = point
		}
		if tail[0] == "cgroup" && strings.Contains(options, ",cpuacct,") {
			first.cpu = point
		}
	}
	switch {
	case first.memory != "" && first.cpu != "":
		return first, nil
	case second.memory != "":
		return second, nil
	}
	return hierarchy{}, errors.New("no cgroups are mounted")
}

// parent is a group that holds the groups of pods. Their names are the pods' UIDs
// between a prefix and a suffix.
type parent struct {
	dir, prefix, suffix string
	// dashed says that the UID keeps its dashes. To systemd they mean nesting, so
	// its driver replaces them.
	dashed bool
}

// parents are where a kubelet may put pods: in the embedded node's group or at the
// root; by the cgroupfs or the systemd driver; by class of service. See
// https://kubernetes.io/docs/setup/production-environment/container-runtimes/#cgroup-drivers.
func (h hierarchy) parents() []parent {
	var list []parent
	for _, base := range []string{nodeGroup, ""} {
		for _, quality := range []string{"burstable", "besteffort", ""} {
			slice := strings.TrimSuffix("kubepods-"+quality, "-")
			list = append(list,
				parent{dir: filepath.Join(base, "kubepods", quality), prefix: "pod", dashed: true},
				parent{dir: filepath.Join(base, "kubepods.slice", strings.TrimPrefix(slice+".slice", "kubepods.slice")), prefix: slice + "-pod", suffix: ".slice"})
		}
	}
	var there []parent
	for _, p := range list {
		if _, err := os.Stat(filepath.Join(h.memory, p.dir)); err == nil {
			there = append(there, p)
		}
	}
	return there
}

func (p parent) path(uid string) string {
	if !p.dashed {
		uid = strings.ReplaceAll(uid, "-", "_")
	}
	return filepath.Join(p.dir, p.prefix+uid+p.suffix)
}

// group is the files of one cgroup.
type group struct {
	usage, stat, cpu string
	v2               bool
}

func (h hierarchy) group(path string) group {
	file := func(tree, name string) string { return filepath.Join(tree, path, name) }
	if h.v2 {
		return group{usage: file(h.memory, "memory.current"), stat: file(h.memory, "memory.stat"), cpu: file(h.cpu, "cpu.stat"), v2: true}
	}
	return group{usage: file(h.memory, "memory.usage_in_bytes"), stat: file(h.memory, "memory.stat"), cpu: file(h.cpu, "cpuacct.usage")}
}

// find is the group of a pod. It is not ok while the pod has none.
func (h hierarchy) find(parents []parent, uid string) (g group, ok bool) {
	for _, p := range parents {
		path := p.path(uid)
		if _, err := os.Stat(filepath.Join(h.memory, path)); err == nil {
			return h.group(path), true
		}
	}
	return group{}, false
}

// reader reads small files of the kernel into one buffer. It does without package
// os, which would register each file with the poller.
type reader struct{ buffer [16 << 10]byte }

// read returns what is valid until the next read.
func (r *reader) read(path string) ([]byte, error) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd)
	for {
		n, err := syscall.Read(fd, r.buffer[:])
		if err == nil {
			return r.buffer[:n], nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return nil, &os.PathError{Op: "read", Path: path, Err: err}
		}
	}
}

// number is the only content of a file. With a key, it is what follows the key at the
// beginning of a line.
func (r *reader) number(path, key string) (int64, error) {
	text, err := r.read(path)
	if err != nil {
		return 0, err
	}
	return numberIn(text, path, key)
}

func numberIn(text []byte, path, key string) (int64, error) {
	if key != "" {
		text = behind(text, key)
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read %s: no number %s", path, key)
	}
	return n, nil
}

// behind is the rest of the line that begins with a key.
func behind(text []byte, key string) []byte {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		if value, found := bytes.CutPrefix(line, []byte(key)); found && len(value) > 0 && (value[0] == ' ' || value[0] == ':') {
			return value[1:]
		}
		text = rest
	}
	return nil
}

// memory is the working set and the cache of the group. The working set is what cannot be
// taken back without the group's programs missing it: all but file pages that were not used
// of late. The kubelet defines it the same way. The cache is all file pages.
func (g group) memory(r *reader) (workingSet, cache int64, err error) {
	usage, err := r.number(g.usage, "")
	if err != nil {
		return 0, 0, err
	}
	text, err := r.read(g.stat)
	if err != nil {
		return 0, 0, err
	}
	inactiveKey, cacheKey := "total_inactive_file", "total_cache"
	if g.v2 {
		inactiveKey, cacheKey = "inactive_file", "file"
	}
	inactive, err := numberIn(text, g.stat, inactiveKey)
	if err != nil {
		return 0, 0, err
	}
	cache, err = numberIn(text, g.stat, cacheKey)
	return max(usage-inactive, 0), cache, err
}

// use is what the group uses.
func (g group) use(r *reader) (u use, err error) {
	if u.memory, u.cache, err = g.memory(r); err != nil {
		return u, err
	}
	if g.v2 {
		n, err := r.number(g.cpu, "usage_usec")
		u.cpu = time.Duration(n) * time.Microsecond
		return u, err
	}
	n, err := r.number(g.cpu, "")
	u.cpu = time.Duration(n)
	return u, err
}
