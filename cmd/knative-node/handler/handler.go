// Package handler describes container runtimes, which containerd calls runtime handlers:
// those that the node is built with, and those that a user brings. Both are values of one
// type, from which containerd's configuration and the RuntimeClasses are made.
//
// A user's handler comes as text (Parse), its files are copied and tried (Install), and it
// is kept in a file (ReadList, WriteList) as long as the node has it.
package handler

import (
	"os"

	corev1 "k8s.io/api/core/v1"
)

// Handler is one container runtime. Its name is the name of the RuntimeClass and of
// containerd's entry for it.
type Handler struct {
	Name string `json:"name"`
	// RuntimeType is what containerd calls the shim that runs the containers.
	RuntimeType string `json:"type"`
	// Program is the path of the program that starts containers. It is empty for a shim
	// that does so itself.
	Program string `json:"program,omitempty"`
	// Shim is the path of the handler's own shim. It is empty for a handler that uses
	// containerd's shim for runc.
	Shim string `json:"shim,omitempty"`
	// Starter is what containerd starts in place of the shim: a script that sets Env, and
	// then becomes the shim. It is empty where nothing has to be set.
	Starter string `json:"starter,omitempty"`
	// Env is the environment of the shim and of all that it starts, as NAME=VALUE.
	Env []string `json:"env,omitempty"`
	// OptionsFile is the path of the shim's own configuration. The shim for runc does not
	// read it; it has containerd's options for that shim.
	OptionsFile string `json:"optionsFile,omitempty"`
	// PodAnnotations and ContainerAnnotations are patterns of annotations that containerd
	// passes to the shim.
	PodAnnotations       []string `json:"podAnnotations,omitempty"`
	ContainerAnnotations []string `json:"containerAnnotations,omitempty"`
	// Snapshotter is what lays out the containers' files. If it is empty, it is that of
	// the node.
	Snapshotter string `json:"snapshotter,omitempty"`
	// UserNeeds are files and kernel modules that the user says it needs.
	UserNeeds []string `json:"needs,omitempty"`
	// Overhead is what a pod takes beside its containers.
	Overhead corev1.ResourceList `json:"overhead,omitempty"`
	// Version is what the program said when it was installed, Checksums are those of all
	// files, and Settings is the rest of what the user has said. The table of the node's own
	// handlers has none of them.
	Version   string `json:"version,omitempty"`
	Checksums string `json:"checksums,omitempty"`
	Settings  string `json:"settings,omitempty"`
	// Optional says that the node boots without the handler if the build lacks it, and
	// OnDemand that a build has it only if it was asked for.
	Optional bool `json:"-"`
	OnDemand bool `json:"-"`
}

// RuncShim is containerd's own shim, which runs every program that takes the same
// commands as runc.
const RuncShim = "io.containerd.runc.v2"

// NodeSnapshotter is the snapshotter of the node, which handlers use unless they name another.
const NodeSnapshotter = "overlayfs"

// UsedSnapshotter is what lays out the containers' files.
func (h Handler) UsedSnapshotter() string {
	if h.Snapshotter == "" {
		return NodeSnapshotter
	}
	return h.Snapshotter
}

// RuntimePath is what containerd starts. If it is empty, containerd looks on its PATH for
// the shim of the type.
func (h Handler) RuntimePath() string {
	if h.Starter != "" {
		return h.Starter
	}
	return h.Shim
}

// Options are the options that containerd passes to the shim.
func (h Handler) Options() (map[string]any, error) {
	if h.RuntimeType == RuncShim {
		return h.runcOptions()
	}
	if h.OptionsFile == "" {
		return nil, nil
	}
	// gVisor's shim reads the file only if the options have this type. Others do not look
	// at it.
	return map[string]any{"ConfigPath": h.OptionsFile, "TypeUrl": h.RuntimeType + ".options"}, nil
}

// runcOptions are those of the shim for runc. They are read from the file each time: kept
// as JSON, whole numbers would become others.
func (h Handler) runcOptions() (map[string]any, error) {
	options := map[string]any{}
	if h.OptionsFile != "" {
		var err error
		if options, err = readRuncOptions(h.OptionsFile); err != nil {
			return nil, err
		}
	}
	if h.Program != "" {
		options[binaryName] = h.Program
	}
	return options, nil
}

// binaryName is the option of the shim for runc that names the program.
const binaryName = "BinaryName"

// Missing are the paths of the handler's files that do not exist.
func (h Handler) Missing() []string {
	var paths []string
	for _, path := range []string{h.Program, h.Shim} {
		if _, err := os.Stat(path); path != "" && err != nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// Names are the names of handlers.
func Names(handlers []Handler) []string {
	var all []string
	for _, h := range handlers {
		all = append(all, h.Name)
	}
	return all
}
