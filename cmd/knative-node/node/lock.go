package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
)

// runDir is where the host keeps what is true until it reboots. A node's cgroups,
// interfaces and raised limits do not outlast a reboot either.
const runDir = "/run"

// machine is the part of the host that all nodes share, wherever their state folders are:
// there can be one node at a time, because its addresses and cgroups are always the same.
type machine struct{ run string }

// lockFile is held by the one command that boots, changes, measures or removes a node.
func (m machine) lockFile() string { return filepath.Join(m.run, "knative-node.lock") }

// ownerFile names the state folder of the node to which cgroups, interface and raised
// limits belong.
func (m machine) ownerFile() string { return filepath.Join(m.run, "knative-node.json") }

// Holder is the command that boots, changes, measures or removes a node at the moment.
type Holder struct {
	PID   int    `json:"pid"`
	Does  Work   `json:"does"`
	State string `json:"stateDir"`
}

// Work is what a command does to a node, in words that the node's folder follows.
type Work string

const (
	Boots    Work = "boots the node of"
	Changes  Work = "changes the handlers of the node of"
	Measures Work = "measures the handlers of the node of"
	Removes  Work = "removes the node of"
)

// hold waits for the lock, and returns what gives it back. If it has to wait, onWait is
// told once for whom. The kernel gives back the lock of a process that is killed.
func (m machine) hold(ctx context.Context, me Holder, onWait func(Holder)) (release func(), err error) {
	me.PID = os.Getpid()
	for told := false; ; {
		release, err := m.tryHold(me)
		if err == nil {
			return release, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", m.lockFile(), err)
		}
		var holder Holder
		if !told && note.Read(m.lockFile(), &holder) == nil { // it is written just after it is locked
			onWait(holder)
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for process %d, which boots, changes, measures or removes a node: %w", holder.PID, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ErrNotUp is the error of what needs a node that is up.
var ErrNotUp = errors.New("the node is not up")

// holdUp takes the lock for work on the node that runs in the state folder.
func (l Layout) holdUp(ctx context.Context, does Work, onWait func(Holder)) (release func(), err error) {
	if os.Geteuid() != 0 {
		return nil, ErrNotRoot
	}
	return machine{runDir}.holdUp(ctx, l, does, onWait)
}

// holdUp looks whether the node is up when it has the lock: whoever had it before may have
// removed the node.
func (m machine) holdUp(ctx context.Context, l Layout, does Work, onWait func(Holder)) (release func(), err error) {
	release, err = m.hold(ctx, Holder{Does: does, State: l.State}, onWait)
	if err != nil {
		return nil, err
	}
	up, err := l.IsUp()
	if !up {
		release()
		return nil, errors.Join(ErrNotUp, err)
	}
	return release, nil
}

func (m machine) tryHold(me Holder) (release func(), err error) {
	f, err := os.OpenFile(m.lockFile(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, err
	}
	// The holder before may have removed the file since it was opened. A lock on a file
	// that nobody else can find is none.
	mine, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if now, err := os.Stat(m.lockFile()); err != nil || !os.SameFile(mine, now) {
		return nil, unix.EWOULDBLOCK
	}
	if err := writeHolder(f, me); err != nil {
		return nil, err
	}
	return func() {
		_ = os.Remove(m.lockFile()) // a file that stays is no lock
		f.Close()
	}, nil
}

func writeHolder(f *os.File, me Holder) error {
	text, err := json.Marshal(me)
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(text, 0)
	return err
}
