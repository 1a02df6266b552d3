package node

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// ErrUp is the error of Up when the node is up already.
var ErrUp = errors.New("the node is already up")

// UpOptions are the options of Up.
type UpOptions struct {
	// Retain keeps the state folder, with its logs, when the boot fails.
	Retain bool
	// Timeout is how long the boot may take.
	Timeout time.Duration
	// OnWait is called if another command has the lock, see Holder.
	OnWait func(Holder)
	// Check is called before anything is started, once what an earlier node has left is
	// removed. Its error ends Up.
	Check func() error
	// OnProgress is called with each report of the boot.
	OnProgress func(Progress)
	// Handlers are those of the user. Their paths are the user's.
	Handlers []handler.Handler
}

// warn reports an error that does not keep the node from booting.
func (o UpOptions) warn(err error) { o.OnProgress(Progress{Kind: Warned, Detail: err.Error()}) }

// Up boots a node in the background and returns when Knative answers. When the boot
// fails or ctx ends, Up removes everything that it has started. If another Up is under
// way, it waits for that one to end, and then returns ErrUp.
func Up(ctx context.Context, l Layout, options UpOptions) error {
	if os.Geteuid() != 0 {
		return ErrNotRoot
	}
	m := machine{runDir}
	release, err := m.hold(ctx, Holder{Does: Boots, State: l.State}, options.OnWait)
	if err != nil {
		return err
	}
	defer release()
	if err := l.makeWay(m, sandbox.Host{}, options.warn); err != nil {
		return err
	}
	if err := options.Check(); err != nil {
		return err
	}
	err = l.start(ctx, m, options)
	if err != nil && !options.Retain {
		err = errors.Join(err, l.remove(m, sandbox.Host{}, options.warn))
	}
	return err
}

// makeWay removes what an earlier node has left: one that was killed, or whose boot was,
// or that ran when the host went down. It returns ErrUp for a node that is up.
func (l Layout) makeWay(m machine, h host, warn func(error)) error {
	owner, err := m.owner(warn)
	if err != nil {
		return err
	}
	if _, err := l.isOwn(owner); err != nil {
		return err
	}
	if up, err := l.IsUp(); err != nil && !errors.Is(err, note.ErrUnreadable) {
		return err
	} else if up {
		return ErrUp
	}
	if owner != "" && owner != l.State {
		other := Layout{State: owner}
		if up, _ := other.IsUp(); up { // what is wrong with its note, remove says
			return &OtherNodeError{owner}
		}
		if err := other.remove(m, h, warn); err != nil {
			return fmt.Errorf("remove what the node of %s left: %w", owner, err)
		}
	}
	if err := l.remove(m, h, warn); err != nil {
		return fmt.Errorf("remove what an earlier node left: %w", err)
	}
	return nil
}

// start makes the state folder and boots a node in it.
func (l Layout) start(ctx context.Context, m machine, options UpOptions) error {
	if err := l.mark(); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	if err := m.own(l.State); err != nil {
		return err
	}
	if err := os.MkdirAll(l.logs(), 0o700); err != nil {
		return err
	}
	notes := l.hostNotes()
	if err := sandbox.MakeFolders(notes.Folders); err != nil {
		return fmt.Errorf("make the folders that the sandbox mounts its own on: %w", err)
	}
	if err := sandbox.HandOnControllers(notes.Controllers); err != nil {
		return err
	}
	if err := sandbox.RaiseLimits(notes.Limits); err != nil {
		options.OnProgress(Progress{Kind: Warned, Step: "raise the kernel's limits on network neighbours and threads",
			Detail: err.Error() + "; when hundreds of instances start at once, some may not get Ready"})
	}
	if err := l.installHandlers(ctx, options.Handlers, options.warn); err != nil {
		return err
	}
	return l.boot(ctx, options)
}

func (l Layout) boot(ctx context.Context, options UpOptions) error {
	cmd, events, err := l.startSandbox(options.Timeout)
	if err != nil {
		return err
	}
	defer events.Close()
	first, err := l.remember(cmd.Process.Pid)
	if err != nil {
		_ = cmd.Process.Kill()
		return err
	}
	stop := context.AfterFunc(ctx, func() { events.SetReadDeadline(time.Now()) })
	defer stop()
	if err := l.follow(events, options.OnProgress); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("boot the node: %w", ctx.Err())
		}
		return err
	}
	return l.rememberBooted(*first)
}

func (l Layout) startSandbox(timeout time.Duration) (*exec.Cmd, *os.File, error) {
	log, err := os.OpenFile(l.supervisorLog(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	defer log.Close()
	events, theirs, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer theirs.Close()
	cmd, err := sandbox.Start(sandbox.Command{Args: l.command(InitCommand, timeout), Events: theirs, Log: log})
	if err != nil {
		events.Close()
		return nil, nil, err
	}
	// Until somebody waits for it, an ended process keeps its PID, and Down would think
	// that it still runs.
	go func() { _ = cmd.Wait() }()
	return cmd, events, nil
}

// follow reads the reports of the boot until the node is ready or the boot has failed.
func (l Layout) follow(events *os.File, onProgress func(Progress)) error {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p Progress
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return fmt.Errorf("read the progress of the boot: %w", err)
		}
		switch p.Kind {
		case entered:
			if err := sandbox.ConfigureHost(); err != nil {
				return err
			}
		case failed:
			return errors.New(p.Detail)
		}
		onProgress(p)
		if p.Kind == ready {
			return nil
		}
	}
	return l.died(lines.Err())
}

// died explains a supervisor that ended without a report. ReadErr is the error with
// which its reports ended, if any.
func (l Layout) died(readErr error) error {
	if readErr != nil {
		return fmt.Errorf("read the progress of the boot: %w", readErr)
	}
	log, err := os.ReadFile(l.supervisorLog())
	if err != nil {
		return fmt.Errorf("the supervisor ended during the boot, and its log cannot be read: %w", err)
	}
	return fmt.Errorf("the supervisor ended during the boot: %s", strings.TrimSpace(string(log)))
}
