package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Handler is a container runtime of the node, and a row of the table in allHandlers.
// Its name is the name of the RuntimeClass and of containerd's entry for it.
type Handler struct {
	Name string
	// RuntimeType is what containerd calls the shim that runs the containers.
	RuntimeType string
	// Program is the path of the program that starts containers.
	Program string
	// Shim is the path of the handler's own shim program. It is empty for a handler
	// that uses containerd's shim for runc. containerd looks for it on its PATH, so
	// it lies in the folder of the node's programs.
	Shim string
	// Options are the options that containerd passes to the shim.
	Options map[string]string
	// parseVersion finds the version in what 'Program --version' prints.
	parseVersion func(output string) string
	// optional says that the node boots without the handler if the build lacks it.
	optional bool
}

// runcShim is containerd's own shim, which runs every program that takes the same
// commands as runc.
const runcShim = "io.containerd.runc.v2"

// allHandlers is the table of all handlers that the node can have. A new handler is a
// new row: containerd's configuration, the RuntimeClasses, their versions, the checks
// before the boot and the help texts are all made from this table.
func (l Layout) allHandlers() []Handler {
	runc, crun := l.Bin("runc"), filepath.Join(l.Dist, "crun", "crun")
	return []Handler{
		{
			Name: "runc", RuntimeType: runcShim, Program: runc,
			Options: map[string]string{"BinaryName": runc}, parseVersion: afterVersion,
		},
		{
			Name: "crun", RuntimeType: runcShim, Program: crun,
			Options: map[string]string{"BinaryName": crun}, parseVersion: afterVersion, optional: true,
		},
		{
			Name: "gvisor", RuntimeType: "io.containerd.runsc.v1", Program: l.Bin("runsc"),
			Shim: l.Bin("containerd-shim-runsc-v1"), parseVersion: afterVersion, optional: true,
		},
	}
}

// handlers are the handlers that the build has.
func (l Layout) handlers() []Handler {
	var present []Handler
	for _, h := range l.allHandlers() {
		if len(h.missing()) == 0 {
			present = append(present, h)
		}
	}
	return present
}

// HandlerNames are the names of the handlers that the build has, which are also the
// names of the node's RuntimeClasses.
func (l Layout) HandlerNames() []string { return names(l.handlers()) }

// AllHandlerNames are the names of all handlers that a node can have.
func AllHandlerNames() []string { return names(Layout{}.allHandlers()) }

func names(handlers []Handler) []string {
	var all []string
	for _, h := range handlers {
		all = append(all, h.Name)
	}
	return all
}

// missing are the paths of the handler's files that do not exist.
func (h Handler) missing() []string {
	var paths []string
	for _, path := range []string{h.Program, h.Shim} {
		if path != "" && !exists(path) {
			paths = append(paths, path)
		}
	}
	return paths
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// version asks the handler's program for its version.
func (h Handler) version(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, h.Program, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask the handler %s for its version: %s --version: %w", h.Name, h.Program, err)
	}
	return h.parseVersion(string(output)), nil
}

// afterVersion finds the version in a first line such as "runc version 1.5.2".
func afterVersion(output string) string {
	first, _, _ := strings.Cut(output, "\n")
	_, version, _ := strings.Cut(first, " version ")
	return strings.TrimSpace(version)
}

// annotationHandlerVersion is where kn-coldstart looks for the version of a handler.
// Kubernetes has no field for it.
const annotationHandlerVersion = "kn-coldstart.dev/handler-version"

// runtimeClass is the RuntimeClass by which pods ask for the handler.
func (h Handler) runtimeClass(version string) *nodev1.RuntimeClass {
	return &nodev1.RuntimeClass{
		ObjectMeta: metav1.ObjectMeta{Name: h.Name, Annotations: map[string]string{annotationHandlerVersion: version}},
		Handler:    h.Name,
	}
}

// createRuntimeClasses creates one RuntimeClass for each handler.
func createRuntimeClasses(ctx context.Context, client kubernetes.Interface, handlers []Handler) error {
	for _, h := range handlers {
		version, err := h.version(ctx)
		if err != nil {
			return err
		}
		_, err = client.NodeV1().RuntimeClasses().Create(ctx, h.runtimeClass(version), metav1.CreateOptions{})
		if err != nil {
			return fmt.Errorf("create RuntimeClass %s: %w", h.Name, err)
		}
	}
	return nil
}
