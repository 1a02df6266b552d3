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

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// ErrUp is the error of Up when the node is up already.
var ErrUp = errors.New("the node is already up")

// UpOptions are the options of Up.
type UpOptions struct {
	// Retain keeps the state folder, with its logs, when the boot fails.
	Retain bool
	// OnProgress is called with each report of the boot.
	OnProgress func(Progress)
}

// Up boots a node in the background and returns when Knative answers. When the boot
// fails or ctx ends, Up removes everything that it has started.
func Up(ctx context.Context, l Layout, options UpOptions) error {
	up, err := l.IsUp()
	if err != nil {
		return err
	}
	if up {
		return ErrUp
	}
	// A node that was killed, or that ran when the host went down, has left something.
	if err := Down(l); err != nil {
		return fmt.Errorf("remove what an earlier node left: %w", err)
	}
	if err := os.MkdirAll(l.logs(), 0o700); err != nil {
		return err
	}
	if err := sandbox.MakeFolders(l.hostFolders()); err != nil {
		return errors.Join(fmt.Errorf("make the folders that the sandbox mounts its own on: %w", err), Down(l))
	}
	if err := sandbox.RaiseLimits(l.hostLimits()); err != nil {
		options.OnProgress(Progress{Kind: Warned, Step: "raise the kernel's limits on network neighbours and threads",
			Detail: err.Error() + "; when hundreds of instances start at once, some may not get Ready"})
	}
	err = l.boot(ctx, options.OnProgress)
	if err != nil && !options.Retain {
		err = errors.Join(err, Down(l))
	}
	return err
}

func (l Layout) boot(ctx context.Context, onProgress func(Progress)) error {
	cmd, events, err := l.startSandbox()
	if err != nil {
		return err
	}
	defer events.Close()
	if err := l.remember(cmd.Process.Pid); err != nil {
		_ = cmd.Process.Kill()
		return err
	}
	stop := context.AfterFunc(ctx, func() { events.SetReadDeadline(time.Now()) })
	defer stop()
	if err := l.follow(events, onProgress); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("boot the node: %w", ctx.Err())
		}
		return err
	}
	return nil
}

func (l Layout) startSandbox() (*exec.Cmd, *os.File, error) {
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
	cmd, err := sandbox.Start(sandbox.Command{Args: l.command(InitCommand), Events: theirs, Log: log})
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

// Down ends the node and removes everything that it has made. Its mounts, interfaces and
// packet-filter rules go with its processes. Then Down removes its cgroups, folders and
// state, and puts the raised limits back. If there is no node, it does nothing.
func Down(l Layout) error {
	first, err := l.running()
	if err != nil {
		return err
	}
	if first != nil {
		if err := first.end(10 * time.Second); err != nil {
			return err
		}
		if err := sandbox.RemoveLink(); err != nil {
			return err
		}
	}
	if err := sandbox.RemoveCgroups(); err != nil {
		return err
	}
	if err := sandbox.RestoreLimits(l.hostLimits()); err != nil {
		return err
	}
	if err := sandbox.RemoveFolders(l.hostFolders()); err != nil {
		return err
	}
	if err := os.RemoveAll(l.State); err != nil {
		return fmt.Errorf("remove the state folder: %w", err)
	}
	return nil
}
