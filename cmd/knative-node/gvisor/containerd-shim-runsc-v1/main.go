// Command containerd-shim-runsc-v1 is gVisor's containerd shim with another way to
// start, which does not need CAP_SYS_RESOURCE.
//
// gVisor's own program lowers the OOM score of each shim that it starts, and fails if
// it is not allowed to. This program does not change the score. Everything else is
// gVisor's own code: the plugin, the manager and the task service.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/shim"
	runsc "gvisor.dev/gvisor/pkg/shim/v1"
	_ "gvisor.dev/gvisor/pkg/shim/v1/plugin" // registers the task service
)

func main() {
	shim.Run(context.Background(), manager{runsc.NewShimManager("io.containerd.runsc.v1")})
}

// manager is gVisor's manager with another Start.
type manager struct{ shim.Manager }

// Start starts one shim for each container. gVisor's own Start has one shim for all
// containers of a pod; under this containerd such a pod stays in Terminating.
func (manager) Start(ctx context.Context, id string, opts shim.StartOpts) (shim.BootstrapParams, error) {
	params := shim.BootstrapParams{Version: 2, Protocol: "ttrpc"}
	address, err := shim.SocketAddress(ctx, opts.Address, id, opts.Debug)
	if err != nil {
		return params, err
	}
	socket, err := shim.NewSocket(address)
	if err != nil {
		return params, fmt.Errorf("listen for shim %s: %w", id, err)
	}
	if err := start(ctx, id, opts, socket); err != nil {
		socket.Close()
		_ = shim.RemoveSocket(address)
		return params, fmt.Errorf("start shim %s: %w", id, err)
	}
	params.Address = address
	return params, os.WriteFile("address", []byte(address), 0o644)
}

type filer interface{ File() (*os.File, error) }

func start(ctx context.Context, id string, opts shim.StartOpts, socket filer) error {
	namespace, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	listener, err := socket.File()
	if err != nil {
		return err
	}
	defer listener.Close()
	cmd := exec.Command(self, "-namespace", namespace, "-address", opts.Address, "-id", id)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.ExtraFiles = []*os.File{listener}
	if err := cmd.Start(); err != nil {
		return err
	}
	return shim.WritePidFile("shim.pid", cmd.Process.Pid)
}
