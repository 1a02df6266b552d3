package handler

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Need is one thing that a handler needs of the machine.
type Need struct {
	// Name is a file, a kernel module, or what else of the kernel is meant.
	Name string `json:"name"`
	// Without says what does not work without it.
	Without string `json:"without"`
	// Has says whether this machine has it.
	Has bool `json:"has"`
}

// needs are what handlers need, by a part of the name of their runtime type or of their
// snapshotter.
var needs = []struct {
	part string
	Need
	// file is where the kernel shows it: by having the file, or by a word in it.
	file, word string
}{
	{"", Need{Name: "namespaces", Without: "no container will start"}, "/proc/self/ns/pid", ""},
	{"", Need{Name: "cgroups", Without: "no container will start"}, "/proc/self/cgroup", ""},
	{".runc", Need{Name: "seccomp filters", Without: "pods that ask for a seccomp profile will not start"}, "/proc/sys/kernel/seccomp/actions_avail", ""},
	{"overlayfs", Need{Name: "file system overlay", Without: "containers have no files"}, "/proc/filesystems", "overlay"},
	{"devmapper", Need{Name: "/dev/mapper/control", Without: "its snapshotter cannot work (load the module dm_thin_pool)"}, "/dev/mapper/control", ""},
	{".runsc", Need{Name: "seccomp action trap", Without: "its platform systrap will not work"}, "/proc/sys/kernel/seccomp/actions_avail", "trap"},
	{".kata", Need{Name: "/dev/kvm", Without: "its virtual machines will not start, or be emulated"}, "/dev/kvm", ""},
	{".kata", Need{Name: "/dev/vhost-vsock", Without: "virtual machines of QEMU and Cloud Hypervisor cannot be reached (load the module vhost_vsock)"}, "/dev/vhost-vsock", ""},
	{".urunc", Need{Name: "/dev/kvm", Without: "only unikernels for Solo5's spt will start"}, "/dev/kvm", ""},
}

// Needs are what the handler needs of this machine: what its type and its snapshotter are
// known to need, and then what the user has said.
func (h Handler) Needs() []Need { return h.needs("/") }

func (h Handler) needs(root string) []Need {
	var all []Need
	for _, n := range needs {
		if strings.Contains(h.RuntimeType, n.part) || strings.Contains(h.UsedSnapshotter(), n.part) {
			n.Has = hasWord(filepath.Join(root, n.file), n.word)
			all = append(all, n.Need)
		}
	}
	for _, name := range h.UserNeeds {
		all = append(all, Need{Name: name, Without: "the handler is said to need it", Has: hasNamed(root, name)})
	}
	return all
}

// Lacks says what this machine lacks of what the handler needs. It may yet work.
func (h Handler) Lacks() []string { return h.lacks("/") }

func (h Handler) lacks(root string) []string {
	var all []string
	for _, n := range h.needs(root) {
		if !n.Has {
			all = append(all, fmt.Sprintf("handler %s: there is no %s: %s", h.Name, n.Name, n.Without))
		}
	}
	return all
}

// hasWord says whether the file exists and has the word, or any if that is empty.
func hasWord(path, word string) bool {
	if word == "" {
		_, err := os.Stat(path)
		return err == nil
	}
	text, err := os.ReadFile(path)
	return err == nil && slices.Contains(strings.Fields(string(text)), word)
}

// hasNamed says whether there is what a user calls a need: a file, or a kernel module that
// is loaded or part of the kernel. Modules are called with _ or - alike.
func hasNamed(root, name string) bool {
	if filepath.IsAbs(name) {
		return hasWord(filepath.Join(root, name), "")
	}
	name = strings.ReplaceAll(name, "-", "_")
	if hasWord(filepath.Join(root, "sys/module", name), "") {
		return true
	}
	lists, _ := filepath.Glob(filepath.Join(root, "lib/modules", kernelRelease(root), "modules.builtin")) // the pattern is well formed
	for _, list := range lists {
		text, _ := os.ReadFile(list) // one that cannot be read lists nothing
		for _, path := range strings.Fields(string(text)) {
			if strings.ReplaceAll(strings.TrimSuffix(filepath.Base(path), ".ko"), "-", "_") == name {
				return true
			}
		}
	}
	return false
}

func kernelRelease(root string) string {
	text, _ := os.ReadFile(filepath.Join(root, "proc/sys/kernel/osrelease")) // without it nothing is found
	return strings.TrimSpace(string(text))
}
