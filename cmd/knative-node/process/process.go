// Package process runs the programs of the embedded node: each with a log of
// its own, watched, and started again when it ends after the boot.
package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Program is one program to keep running.
type Program struct {
	Name string
	// Args are the program's path and its arguments.
	Args []string
	// Env is added to the environment.
	Env []string
}

// State is what is known of a program now.
type State struct {
	Name     string `json:"name"`
	PID      int    `json:"pid"`
	Running  bool   `json:"running"`
	Restarts int    `json:"restarts"`
	// LastExit tells how it ended last, empty if it never did.
	LastExit string `json:"lastExit,omitempty"`
}

// ExitError is a program that ended when it should not have.
type ExitError struct {
	Program Program
	Status  string
	// Tail is the end of its log.
	Tail string
}

func (e *ExitError) Error() string {
	return fmt.Sprintf("%s ended with %s\n  command: %s\n  last lines of its log:\n%s",
		e.Program.Name, e.Status, strings.Join(e.Program.Args, " "), indent(e.Tail))
}

// Group runs programs. During the boot the first one to end makes Failed
// report it; after Settle, a program that ends is started again.
type Group struct {
	logDir string
	failed chan error

	mu      sync.Mutex
	settled bool
	stopped bool
	running map[string]*running
	order   []string
}

type running struct {
	program Program
	process *os.Process
	state   State
	done    chan struct{}
}

// NewGroup returns a group whose logs are NAME.log in logDir.
func NewGroup(logDir string) *Group {
	return &Group{logDir: logDir, failed: make(chan error, 1), running: map[string]*running{}}
}

// Failed delivers the first program's failure during the boot.
func (g *Group) Failed() <-chan error { return g.failed }

// Settle ends the boot: from now on a program that ends is started again.
func (g *Group) Settle() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settled = true
}

// Start starts a program.
func (g *Group) Start(p Program) error {
	r := &running{program: p, state: State{Name: p.Name}}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.launch(r); err != nil {
		return err
	}
	g.running[p.Name] = r
	g.order = append(g.order, p.Name)
	return nil
}

// launch starts the process and watches it; g.mu is held.
func (g *Group) launch(r *running) error {
	log, err := os.OpenFile(g.logFile(r.program.Name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(r.program.Args[0], r.program.Args[1:]...)
	cmd.Env = append(os.Environ(), r.program.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", r.program.Name, err)
	}
	r.process, r.done = cmd.Process, make(chan struct{})
	r.state.PID, r.state.Running = cmd.Process.Pid, true
	go g.watch(r, cmd)
	return nil
}

func (g *Group) watch(r *running, cmd *exec.Cmd) {
	_ = cmd.Wait() // the status is in ProcessState
	close(r.done)
	g.mu.Lock()
	defer g.mu.Unlock()
	r.state.Running, r.state.LastExit = false, cmd.ProcessState.String()
	switch {
	case g.stopped:
	case g.settled:
		time.AfterFunc(restartDelay, func() { g.restart(r) })
	default:
		err := &ExitError{Program: r.program, Status: r.state.LastExit, Tail: g.Tail(r.program.Name, 15)}
		select {
		case g.failed <- err:
		default: // only the first failure is reported: the others follow from it
		}
	}
}

// restartDelay keeps a program that fails at once from spinning.
const restartDelay = time.Second

func (g *Group) restart(r *running) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return
	}
	r.state.Restarts++
	if err := g.launch(r); err != nil {
		r.state.LastExit = err.Error()
		time.AfterFunc(restartDelay, func() { g.restart(r) })
	}
}

// States lists the programs in the order of their start.
func (g *Group) States() []State {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []State
	for _, name := range g.order {
		all = append(all, g.running[name].state)
	}
	return all
}

// Stop ends the programs in reverse order: first by SIGTERM, after the grace
// period, or when ctx ends, by SIGKILL.
func (g *Group) Stop(ctx context.Context, grace time.Duration) {
	g.mu.Lock()
	g.stopped = true
	order := g.order
	g.mu.Unlock()
	for i := len(order) - 1; i >= 0; i-- {
		g.running[order[i]].stop(ctx, grace)
	}
}

func (r *running) stop(ctx context.Context, grace time.Duration) {
	_ = r.process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-r.done:
	case <-time.After(grace):
		_ = r.process.Kill()
	case <-ctx.Done():
		_ = r.process.Kill()
	}
}

func (g *Group) logFile(name string) string { return filepath.Join(g.logDir, name+".log") }

// Tail is the last n lines of a program's log.
func (g *Group) Tail(name string, n int) string {
	b, err := os.ReadFile(g.logFile(name))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }
