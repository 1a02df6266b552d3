package node

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"

	"github.com/prometheus/procfs"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/cost"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// CostOptions are the options of HandlerCosts.
type CostOptions struct {
	// Names are the handlers; without any, all that the node has.
	Names []string
	// Counts are how many instances are started, see cost.Options.
	Counts []int
	// OnWait is called if another command has the lock, see Holder.
	OnWait func(Holder)
	// OnProgress is told what is being done.
	OnProgress func(text string)
}

// HandlerCosts finds out what the handlers of the node cost that runs in the state folder.
// No handler comes or goes meanwhile.
func HandlerCosts(ctx context.Context, l Layout, options CostOptions) ([]cost.Handler, error) {
	release, err := l.holdUp(ctx, Measures, options.OnWait)
	if err != nil {
		return nil, err
	}
	defer release()
	handlers, err := l.handlersNamed(options.Names)
	if err != nil {
		return nil, err
	}
	return cost.Measure(ctx, costMachine{}, cost.Options{
		Handlers: handlers, Counts: options.Counts, RuncShim: l.Bin("containerd-shim-runc-v2"),
		Socket: l.ContainerdSocket(), Idle: []string{initProgram, "-P"}, OnProgress: options.OnProgress,
	})
}

// costMachine is this host, whose processes those of the sandbox are as well.
type costMachine struct{}

func (costMachine) find(ids []string) ([]sandboxProcess, error) {
	all, err := readProcesses()
	if err != nil {
		return nil, err
	}
	return withDescendants(all, func(p sandboxProcess) bool { return p.isOf(ids) }), nil
}

func (m costMachine) Processes(ids ...string) ([]cost.Process, error) {
	found, err := m.find(ids)
	if err != nil {
		return nil, err
	}
	var all []cost.Process
	for _, p := range found {
		process, err := procfs.NewProc(p.pid)
		if err != nil {
			continue // it has ended meanwhile, as below
		}
		memory, err := process.ProcSMapsRollup()
		if err != nil {
			continue
		}
		name := p.program
		if len(p.args) > 0 {
			name = p.args[0] // gVisor's processes all run one program, under different names
		}
		all = append(all, cost.Process{PID: p.pid, Program: filepath.Base(name), MemoryBytes: int64(memory.Pss)})
	}
	return all, nil
}

func (m costMachine) Kill(ids ...string) error {
	found, err := m.find(ids)
	for _, p := range found {
		_ = syscall.Kill(p.pid, syscall.SIGKILL) // else it has ended by itself
	}
	return err
}

func (costMachine) RemoveGroups(prefix string) error { return sandbox.RemoveGroups(prefix) }

func (costMachine) AvailableMemory() (int64, error) {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, err
	}
	memory, err := proc.Meminfo()
	if err == nil && memory.MemAvailableBytes == nil {
		err = errors.New("the kernel does not say how much memory is available")
	}
	if err != nil {
		return 0, err
	}
	return int64(*memory.MemAvailableBytes), nil
}
