package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
)

// ownHandlers is the table of all handlers that the node itself can have. A new handler is a
// new row: containerd's configuration, the RuntimeClasses, their versions, the checks
// before the boot and the help texts are all made from this table, and from the user's
// list, which has rows of the same kind.
//
// One that takes other images than the rest needs more, as wasmedge does: what its pods need
// (deploy/manifests/handlers), its version, a function under test (wasmFunction, and
// nodeImageOf in cmd/kn-coldstart), and its packages in cmd/sbom/inventory.go.
func (l Layout) ownHandlers() []handler.Handler {
	return []handler.Handler{
		{Name: "runc", RuntimeType: handler.RuncShim, Program: l.Bin("runc")},
		{Name: "crun", RuntimeType: handler.RuncShim, Program: filepath.Join(l.Dist, "crun", "crun"), Optional: true},
		{
			Name: "gvisor", RuntimeType: "io.containerd.runsc.v1", Program: l.Bin("runsc"),
			Shim: l.Bin("containerd-shim-runsc-v1"), Optional: true,
		},
		{
			Name: "wasmedge", RuntimeType: handler.RuncShim, Program: filepath.Join(l.Dist, "wasmedge", "crun"),
			PodAnnotations: []string{"module.wasm.image/*"}, Version: l.wasmEdgeVersion(), OnDemand: true,
		},
	}
}

// wasmEdgeVersion is the versions of crun and of WasmEdge, which is a library of it. crun
// itself knows only its own.
func (l Layout) wasmEdgeVersion() string {
	packages, _ := os.ReadFile(filepath.Join(l.Dist, "wasmedge", "packages")) // without it crun is asked
	var versions []string
	for line := range strings.Lines(string(packages)) {
		if words := strings.Fields(line); len(words) > 1 && (words[0] == "crun" || words[0] == "libwasmedge0") {
			versions = append(versions, words[0]+"-"+words[1])
		}
	}
	return strings.Join(versions, ",")
}

// handlers are the handlers that the build has, and then those of the user.
func (l Layout) handlers() ([]handler.Handler, error) {
	var present []handler.Handler
	for _, h := range l.ownHandlers() {
		if len(h.Missing()) == 0 {
			present = append(present, h)
		}
	}
	users, err := handler.ReadList(l.handlerList())
	return append(present, users...), err
}

// HandlerNames are the names of the handlers that the node has, which are also the names
// of its RuntimeClasses.
func (l Layout) HandlerNames() ([]string, error) {
	handlers, err := l.handlers()
	return handler.Names(handlers), err
}

// handlersNamed are the handlers of these names, or all if there are none.
func (l Layout) handlersNamed(names []string) ([]handler.Handler, error) {
	all, err := l.handlers()
	if err != nil || len(names) == 0 {
		return all, err
	}
	var found []handler.Handler
	for _, name := range names {
		i := slices.IndexFunc(all, func(h handler.Handler) bool { return h.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("the node has no handler %q; it has %s", name, strings.Join(handler.Names(all), ", "))
		}
		found = append(found, all[i])
	}
	return found, nil
}

// OwnHandlerNames are the names of all handlers that the node itself can have.
func OwnHandlerNames() []string { return handler.Names(Layout{}.ownHandlers()) }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// createRuntimeClasses creates one RuntimeClass for each handler.
func createRuntimeClasses(ctx context.Context, client kubernetes.Interface, handlers []handler.Handler) error {
	for _, h := range handlers {
		if h.Version == "" {
			var err error
			if h.Version, err = h.AskVersion(ctx); err != nil {
				return fmt.Errorf("ask the handler %s for its version: %w", h.Name, err)
			}
		}
		_, err := client.NodeV1().RuntimeClasses().Create(ctx, h.RuntimeClass(), metav1.CreateOptions{})
		if err != nil {
			return fmt.Errorf("create RuntimeClass %s: %w", h.Name, err)
		}
	}
	return nil
}
