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

// ErrUp is returned by Up for a node that is up already.
var ErrUp = errors.New("the node is already up")

// UpOptions say how to boot.
type UpOptions struct {
	// Retain leaves the state folder, with its logs, of a boot that failed.
	Retain bool
	// OnProgress is told what happens.
	OnProgress func(Progress)
}

// Up boots a node in the background and returns when Knative answers. When it
// fails or ctx ends, whatever was started is removed.
func Up(ctx context.Context, l Layout, options UpOptions) error {
	running, err := l.Running()
	if err != nil {
		return err
	}
	if running != nil {
		return ErrUp
	}
	// What a node left that was killed, or that the machine's end ended.
	if err := Down(l); err != nil {
		return fmt.Errorf("remove what an earlier node left: %w", err)
	}
	if err := os.MkdirAll(l.Logs(), 0o700); err != nil {
		return err
	}
	if err := sandbox.MakeFolders(l.hostFolders()); err != nil {
		return errors.Join(fmt.Errorf("make folders for the sandbox to hide: %w", err), Down(l))
	}
	if err := sandbox.RaiseLimits(l.hostLimits()); err != nil {
		options.OnProgress(Progress{Kind: Warned, Step: "raise the kernel's limits on network neighbours and threads",
			Detail: err.Error() + "; of hundreds of instances at once, not all may get Ready"})
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
	log, err := os.OpenFile(l.Logs()+"/supervisor.log", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
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
	go func() { _ = cmd.Wait() }() // Down needs it gone, not only dead
	return cmd, events, nil
}

// follow passes progress on until the node is ready or has failed.
func (l Layout) follow(events *os.File, onProgress func(Progress)) error {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p Progress
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return fmt.Errorf("read the node's progress: %w", err)
		}
		switch p.Kind {
		case Entered:
			if err := sandbox.ConfigureHost(); err != nil {
				return err
			}
		case Failed:
			return errors.New(p.Detail)
		}
		onProgress(p)
		if p.Kind == Ready {
			return nil
		}
	}
	return l.died(lines.Err())
}

// died explains a supervisor that ended without a word.
func (l Layout) died(cause error) error {
	log, _ := os.ReadFile(l.Logs() + "/supervisor.log")
	said := strings.TrimSpace(string(log))
	if cause != nil {
		return fmt.Errorf("follow the boot: %w", cause)
	}
	return fmt.Errorf("the supervisor ended during the boot: %s", said)
}

// Down ends a node and removes all of it: processes, and with them mounts,
// interfaces and packet-filter rules; then cgroups, raised limits, folders and state.
// Without a node it does nothing.
func Down(l Layout) error {
	running, err := l.Running()
	if err != nil {
		return err
	}
	if running != nil {
		if err := running.end(10 * time.Second); err != nil {
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
		return fmt.Errorf("remove state: %w", err)
	}
	return nil
}
