package node

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/cri"
)

// This file ends what a handler has left. A handler that hangs or crashes leaves more than
// pods: sandboxes that containerd cannot stop, shims, and programs that do not return.

// Leftovers count what a handler had when it was removed.
type Leftovers struct {
	Pods int `json:"pods"`
	// Processes are those that had to be killed, after containerd had removed what it could.
	Processes int `json:"processes"`
}

const (
	// clearLimit is how long to try to end what a handler has left.
	clearLimit = 90 * time.Second
	// stopLimit is how long a sandbox may take to end in peace. It covers the second after
	// which containerd kills what ignores a SIGTERM.
	stopLimit = 10 * time.Second
	// stopsAtOnce is how many sandboxes are ended at a time.
	stopsAtOnce = 20
)

// clearHandler removes a handler's pods and all that is behind them, again and again until
// nothing is left: while it does so, the kubelet may still start what it was told before.
func (b *boot) clearHandler(ctx context.Context, name string) (Leftovers, error) {
	client, err := cri.Open(b.ContainerdSocket())
	if err != nil {
		return Leftovers{}, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, clearLimit)
	defer cancel()
	total, quiet := Leftovers{}, 0
	err = until(ctx, 300*time.Millisecond, func(ctx context.Context) error {
		found, sandboxes, err := b.clearOnce(ctx, client, name)
		total.Pods += found.Pods
		total.Processes += found.Processes
		if err != nil {
			return err
		}
		if quiet++; found != (Leftovers{}) || sandboxes > 0 {
			quiet = 0
		}
		if quiet < 2 { // the kubelet may have been about to start one more
			return fmt.Errorf("after %s it still had %d pods, %d sandboxes and %d processes", clearLimit, found.Pods, sandboxes, found.Processes)
		}
		return nil
	})
	return total, err
}

// clearOnce removes what there is at the moment, and returns how much it was, and how many
// sandboxes it found.
func (b *boot) clearOnce(ctx context.Context, client *cri.Client, name string) (found Leftovers, sandboxes int, err error) {
	if found.Pods, err = b.deletePods(ctx, name); err != nil {
		return found, 0, err
	}
	of, err := client.Sandboxes(ctx, name)
	if err != nil {
		return found, 0, err
	}
	removeSandboxes(ctx, client, of)
	found.Processes, err = killProcesses(b.handlerFolder(name), of)
	return found, len(of), err
}

// killProcesses kills the processes of a handler, and returns how many there were.
func killProcesses(folder string, sandboxes []cri.Sandbox) (killed int, err error) {
	all, err := readProcesses()
	if err != nil {
		return 0, err
	}
	for _, p := range processesOf(all, folder, sandboxes) {
		if syscall.Kill(p.pid, syscall.SIGKILL) == nil { // else it has ended by itself
			killed++
		}
	}
	return killed, nil
}

// deletePods deletes the pods of a RuntimeClass without waiting for them to end, which they
// might not.
func (b *boot) deletePods(ctx context.Context, class string) (int, error) {
	pods, err := b.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, fmt.Errorf("list the pods of RuntimeClass %s: %w", class, err)
	}
	deleted, now := 0, int64(0)
	for _, pod := range pods.Items {
		if pod.Spec.RuntimeClassName == nil || *pod.Spec.RuntimeClassName != class {
			continue
		}
		err := b.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		if err == nil { // else it has just gone, or the next round tries again
			deleted++
		}
	}
	return deleted, nil
}

// removeSandboxes removes sandboxes in peace, as far as they let it. What does not is found
// again in the next round, when its processes are no more.
func removeSandboxes(ctx context.Context, client *cri.Client, sandboxes []cri.Sandbox) {
	var group errgroup.Group
	group.SetLimit(stopsAtOnce)
	for _, s := range sandboxes {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, stopLimit)
			defer cancel()
			_ = client.Remove(ctx, s.ID)
			return nil
		})
	}
	_ = group.Wait()
}

// sandboxProcess is a process of the sandbox. Its PIDs are those of the PID namespace in
// which it was read: the sandbox's or the host's.
type sandboxProcess struct {
	pid, parent int
	// program is the path of the program, and args are its arguments.
	program string
	args    []string
	// cgroups are the paths of its groups.
	cgroups []string
}

func readProcesses() ([]sandboxProcess, error) {
	list, err := procfs.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("list the node's processes: %w", err)
	}
	var all []sandboxProcess
	for _, each := range list {
		stat, err := each.Stat()
		if err != nil {
			continue // it has ended meanwhile, as below
		}
		p := sandboxProcess{pid: each.PID, parent: stat.PPID}
		p.program, _ = each.Executable()
		p.args, _ = each.CmdLine()
		groups, _ := each.Cgroups()
		for _, group := range groups {
			p.cgroups = append(p.cgroups, group.Path)
		}
		all = append(all, p)
	}
	return all, nil
}

// processesOf finds the processes of a handler: those that run a file of its folder, those
// of its sandboxes, and whatever these have started.
func processesOf(all []sandboxProcess, folder string, sandboxes []cri.Sandbox) []sandboxProcess {
	var ids []string
	for _, s := range sandboxes {
		ids = append(append(ids, s.ID), s.Containers...)
	}
	return withDescendants(all, func(p sandboxProcess) bool { return p.runsFrom(folder) || p.isOf(ids) })
}

// withDescendants finds some of the processes, and whatever these have started.
func withDescendants(all []sandboxProcess, matches func(sandboxProcess) bool) []sandboxProcess {
	var found []sandboxProcess
	taken := map[int]bool{}
	take := func(p sandboxProcess) {
		if !taken[p.pid] {
			taken[p.pid] = true
			found = append(found, p)
		}
	}
	children := map[int][]sandboxProcess{}
	for _, p := range all {
		children[p.parent] = append(children[p.parent], p)
		if matches(p) {
			take(p)
		}
	}
	for i := 0; i < len(found); i++ {
		for _, child := range children[found[i].pid] {
			take(child)
		}
	}
	return found
}

// runsFrom says whether the process runs a program or a script of a folder.
func (p sandboxProcess) runsFrom(folder string) bool {
	if strings.HasPrefix(p.program, folder+"/") {
		return true
	}
	return slices.ContainsFunc(p.args, func(arg string) bool { return strings.HasPrefix(arg, folder+"/") })
}

// isOf says whether the process is a shim of one of these sandboxes and containers, or runs
// in one of them.
func (p sandboxProcess) isOf(ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool {
		return slices.Contains(p.args, id) ||
			slices.ContainsFunc(p.cgroups, func(group string) bool { return strings.Contains(group, id) })
	})
}
