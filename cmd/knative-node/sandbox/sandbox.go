// Package sandbox gives the embedded node a machine of its own inside this one:
// network, mount, process, IPC, host-name and cgroup namespaces. Everything that
// the node makes lives in there, so that ending its first process ends all of
// it: processes, mounts, interfaces and packet-filter rules. Only cgroups and
// limits outlive it: RemoveCgroups and RestoreLimits see to those.
//
//	knative-node up ── Start ──▶ PID 1: knative-node init     (Enter: cgroups, mounts, network)
//	                                    └─ exec catatonit      (the init: reaps orphans, passes signals on)
//	                                         └─ knative-node supervise
package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Descriptors that the first process inherits.
const (
	EventsFD  = 3 // progress of the boot, as lines of JSON
	hostNetFD = 4 // the host's network namespace
)

// Command is a process to start in new namespaces.
type Command struct {
	// Args are the program and its arguments.
	Args []string
	// Events receives what the node says while it boots.
	Events *os.File
	// Log receives standard output and error.
	Log *os.File
}

// Start starts the command as the first process of new namespaces, detached
// from the caller's terminal and session.
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

// Enter finishes the sandbox from within its first process: cgroups, mounts,
// host name and network. The caller must be on the process's main thread,
// because only that thread's cgroup namespace survives an exec.
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
