package node

import (
	"fmt"
	"path/filepath"

	"github.com/prometheus/procfs"
)

// hostProcess is a process of the sandbox, as the host sees it.
type hostProcess struct {
	pid int
	// sandboxPID is the PID of the same process inside the sandbox.
	sandboxPID int
	// program is the file name of its program.
	program string
	// memoryBytes is its proportional set size: of a page that n processes share, each
	// of them counts one n-th.
	memoryBytes int64
}

// sandboxProcesses lists all processes of a sandbox, given the PID of its first one.
// They are its descendants: a process whose parent ends becomes a child of the first.
func sandboxProcesses(first int) ([]hostProcess, error) {
	pids, err := pidsInNamespaces(first)
	if err != nil {
		return nil, fmt.Errorf("read the sandbox's first process: %w", err)
	}
	children, err := childrenByParent()
	if err != nil {
		return nil, fmt.Errorf("list the host's processes: %w", err)
	}
	var all []hostProcess
	for queue := []int{first}; len(queue) > 0; queue = queue[1:] {
		pid := queue[0]
		queue = append(queue, children[pid]...)
		if p, ok := readProcess(pid, len(pids)-1); ok {
			all = append(all, p)
		}
	}
	return all, nil
}

func childrenByParent() (map[int][]int, error) {
	processes, err := procfs.AllProcs()
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, process := range processes {
		if stat, err := process.Stat(); err == nil { // else it has ended meanwhile
			children[stat.PPID] = append(children[stat.PPID], process.PID)
		}
	}
	return children, nil
}

// pidsInNamespaces are the PIDs of one process, from the host's PID namespace to the
// innermost one that it is in.
func pidsInNamespaces(pid int) ([]uint64, error) {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return nil, err
	}
	status, err := process.NewStatus()
	return status.NSpids, err
}

// readProcess reads the process whose PID on the host is pid. Depth says how many PID
// namespaces the sandbox's lies below the host's. The result is false for a process
// that has ended meanwhile.
func readProcess(pid, depth int) (hostProcess, bool) {
	pids, err := pidsInNamespaces(pid)
	if err != nil || len(pids) <= depth {
		return hostProcess{}, false
	}
	process, err := procfs.NewProc(pid)
	if err != nil {
		return hostProcess{}, false
	}
	command, err := process.CmdLine()
	if err != nil {
		return hostProcess{}, false
	}
	memory, _ := process.ProcSMapsRollup() // a process that is just ending has none
	p := hostProcess{pid: pid, sandboxPID: int(pids[depth]), memoryBytes: int64(memory.Pss)}
	if len(command) > 0 {
		p.program = filepath.Base(command[0])
	}
	return p, true
}
