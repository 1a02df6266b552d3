package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// hostProcess is a process of the sandbox, seen from the host.
type hostProcess struct {
	pid int
	// inner is its PID in the sandbox.
	inner int
	// name is its program's.
	name string
	// memory is its proportional set size in bytes: a page that n processes
	// share counts one n-th in each.
	memory int64
}

// sandboxProcesses lists the first process of a sandbox and its descendants,
// which are all of the sandbox: an orphan becomes a child of the first.
func sandboxProcesses(first int) ([]hostProcess, error) {
	depth := len(statusField(first, "NSpid"))
	if depth == 0 {
		return nil, fmt.Errorf("process %d has ended", first)
	}
	children := childrenByParent()
	var all []hostProcess
	for queue := []int{first}; len(queue) > 0; queue = queue[1:] {
		pid := queue[0]
		queue = append(queue, children[pid]...)
		if p, ok := readProcess(pid, depth); ok {
			all = append(all, p)
		}
	}
	return all, nil
}

func childrenByParent() map[int][]int {
	children := map[int][]int{}
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		pid, err := strconv.Atoi(filepath.Base(entry))
		if parent := statusField(pid, "PPid"); err == nil && len(parent) == 1 {
			children[parent[0]] = append(children[parent[0]], pid)
		}
	}
	return children
}

// readProcess is false for a process that ended meanwhile. NSpid lists the
// process's numbers from the outermost namespace inwards (see proc(5)); the one
// in the sandbox stands where the first process's last stands.
func readProcess(pid, depth int) (hostProcess, bool) {
	numbers := statusField(pid, "NSpid")
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || len(numbers) < depth {
		return hostProcess{}, false
	}
	program, _, _ := strings.Cut(string(command), "\x00")
	return hostProcess{
		pid: pid, inner: numbers[depth-1], name: filepath.Base(program), memory: proportionalSetSize(pid),
	}, true
}

// statusField is a line of numbers in /proc/PID/status, nil when there is none.
func statusField(pid int, key string) []int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, key+":"); ok {
			return numbers(rest)
		}
	}
	return nil
}

func proportionalSetSize(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			if kib := numbers(rest); len(kib) > 0 {
				return int64(kib[0]) << 10
			}
		}
	}
	return 0
}

// numbers are the leading whole numbers of a line.
func numbers(line string) []int {
	var all []int
	for _, field := range strings.Fields(line) {
		n, err := strconv.Atoi(field)
		if err != nil {
			break
		}
		all = append(all, n)
	}
	return all
}
