// Package process runs the programs of the embedded node. Each has a log file of its
// own. A program that ends during the boot is a failure of the boot; one that ends
// later is started again.
package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// State says how a program is at one moment.
type State struct {
	Name     string
	PID      int
	Running  bool
	Restarts int
	// LastExit says how the program ended last. It is empty if it never ended.
	LastExit string
}

// Group runs programs. Until Settle is called, Failed reports the first program that
// ends. After that, a program that ends is started again.
type Group struct {
	logDir string
	failed chan error

	mu      sync.Mutex
	settled bool
	stopped bool
	started []*started // in the order of their start
}

// started is a program with its present process.
type started struct {
	program Program
	process *os.Process
	state   State
	done    chan struct{}
	// renewed says that Restart is ending the process, and will start the next.
	renewed bool
}

// NewGroup returns a group whose logs are NAME.log in logDir.
func NewGroup(logDir string) *Group {
	return &Group{logDir: logDir, failed: make(chan error, 1)}
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
	s := &started{program: p, state: State{Name: p.Name}}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.launch(s); err != nil {
		return err
	}
	g.started = append(g.started, s)
	return nil
}

// launch starts the program's process and watches it. The caller holds g.mu.
func (g *Group) launch(s *started) error {
	log, err := os.OpenFile(g.logFile(s.program.Name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", s.program.Name, err)
	}
	defer log.Close()
	cmd := exec.Command(s.program.Args[0], s.program.Args[1:]...)
	cmd.Env = append(os.Environ(), s.program.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", s.program.Name, err)
	}
	s.process, s.done = cmd.Process, make(chan struct{})
	s.state.PID, s.state.Running = cmd.Process.Pid, true
	go g.watch(s, cmd)
	return nil
}

func (g *Group) watch(s *started, cmd *exec.Cmd) {
	_ = cmd.Wait() // the status is in ProcessState
	g.mu.Lock()
	defer g.mu.Unlock()
	close(s.done)
	s.state.Running = false
	if s.renewed {
		return
	}
	s.state.LastExit = cmd.ProcessState.String()
	switch {
	case g.stopped:
	case g.settled:
		time.AfterFunc(restartDelay, func() { g.restart(s) })
	default:
		select {
		case g.failed <- g.exitError(s):
		default: // only the first failure is reported: it causes the others
		}
	}
}

// exitError explains a program that ended during the boot.
func (g *Group) exitError(s *started) error {
	return fmt.Errorf("%s ended with %s\n  command: %s\n  last lines of its log:\n%s",
		s.program.Name, s.state.LastExit, strings.Join(s.program.Args, " "), indent(g.logTail(s.program.Name, 15)))
}

// restartDelay is the wait before a program is started again. Without it, a program
// that fails at once would take a processor for itself.
const restartDelay = time.Second

func (g *Group) restart(s *started) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return
	}
	s.state.Restarts++
	_ = g.relaunch(s) // it is in the state
}

// relaunch starts the program again, now or when that is possible. The caller holds g.mu.
func (g *Group) relaunch(s *started) error {
	err := g.launch(s)
	if err != nil {
		s.state.LastExit = err.Error()
		time.AfterFunc(restartDelay, func() { g.restart(s) })
	}
	return err
}

// Restart ends a program and starts it again, without counting that as a restart: nothing
// went wrong. It gets a SIGTERM, and a SIGKILL if it still runs after the grace period.
func (g *Group) Restart(ctx context.Context, name string, grace time.Duration) error {
	g.mu.Lock()
	i := slices.IndexFunc(g.started, func(s *started) bool { return s.program.Name == name && s.state.Running })
	if i < 0 {
		g.mu.Unlock()
		return fmt.Errorf("restart %s: it does not run", name)
	}
	s := g.started[i]
	s.renewed = true
	g.mu.Unlock()
	s.stop(ctx, grace)
	<-s.done
	g.mu.Lock()
	defer g.mu.Unlock()
	s.renewed = false
	if g.stopped {
		return nil
	}
	return g.relaunch(s)
}

// States lists the programs in the order of their start.
func (g *Group) States() []State {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []State
	for _, s := range g.started {
		all = append(all, s.state)
	}
	return all
}

// Stop ends the programs, the last one first. Each gets a SIGTERM, and a SIGKILL if
// it still runs after the grace period or when ctx ends.
func (g *Group) Stop(ctx context.Context, grace time.Duration) {
	g.mu.Lock()
	g.stopped = true
	all := g.started
	g.mu.Unlock()
	for _, s := range slices.Backward(all) {
		s.stop(ctx, grace)
	}
}

func (s *started) stop(ctx context.Context, grace time.Duration) {
	_ = s.process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-s.done:
	case <-time.After(grace):
		_ = s.process.Kill()
	case <-ctx.Done():
		_ = s.process.Kill()
	}
}

func (g *Group) logFile(name string) string { return filepath.Join(g.logDir, name+".log") }

// logTail returns the last n lines of a program's log.
func (g *Group) logTail(name string, n int) string {
	b, err := os.ReadFile(g.logFile(name))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func indent(lines string) string { return "    " + strings.ReplaceAll(lines, "\n", "\n    ") }
