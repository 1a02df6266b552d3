// Package sandbox separates the embedded node from the host: it has network, mount,
// process, IPC, host-name and cgroup namespaces of its own. Everything that the node
// makes lives in there: processes, mounts, interfaces and packet-filter rules. When
// the sandbox's first process ends, the kernel removes all of it. What the node
// leaves on the host is removed by Host.Clean.
//
//	on the host                  in the sandbox
//	knative-node up ── Start ──▶ PID 1: knative-node init (Enter: cgroups, mounts, network)
//	                               └─ becomes catatonit   (reaps orphans, passes signals on)
//	                                    └─ knative-node supervise
package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// File descriptors that the sandbox's first process inherits.
const (
	// EventsFD takes the progress of the boot, as lines of JSON.
	EventsFD = 3
	// hostNetFD is the host's network namespace.
	hostNetFD = 4
)

// Command is a process to start in new namespaces.
type Command struct {
	// Args are the program and its arguments.
	Args []string
	// Events receives the progress of the boot.
	Events *os.File
	// Log receives standard output and error.
	Log *os.File
}

// Start starts the command as the first process of new namespaces. It has a session
// of its own: signals of the caller's terminal do not reach it.
func Start(c Command) (*exec.Cmd, error) {
	hostNet, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return nil, fmt.Errorf("open the host's network namespace: %w", err)
	}
	defer hostNet.Close()
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	cmd.Stdout, cmd.Stderr = c.Log, c.Log
	cmd.ExtraFiles = []*os.File{c.Events, hostNet}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid: true,
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID |
			syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a process in new namespaces: %w", err)
	}
	return cmd, nil
}

// Enter completes the sandbox. The sandbox's first process calls it. The caller must
// be on the process's main thread, because an exec keeps only that thread's cgroup
// namespace.
func Enter(hostname string) error {
	steps := []struct {
		name string
		do   func() error
	}{
		{"join a cgroup", joinCgroups},
		{"make mounts private", privateMounts},
		{"mount cgroups", mountCgroups},
		{"set the host name", func() error { return syscall.Sethostname([]byte(hostname)) }},
		{"set up the network", setUpNetwork},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}
