package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// ErrNotRoot is the error of Up and Down for a user who may do neither.
var ErrNotRoot = errors.New("the embedded node needs root")

// host is what a node changes outside of its sandbox and its state folder.
type host interface {
	// FirstProcess finds the first process of a sandbox without a note about it. It is 0
	// if none runs.
	FirstProcess() (int, error)
	// Clean removes what the node has left, and puts back what the notes say.
	Clean(notes sandbox.Notes, warn func(error)) error
}

// DownOptions are the options of Down.
type DownOptions struct {
	// OnWait is called if another command has the lock, see Holder.
	OnWait func(Holder)
	// OnWarning is called with what does not keep Down from removing the node.
	OnWarning func(error)
}

// Down ends the node and removes everything that it has made. Its mounts, interfaces and
// packet-filter rules go with its processes. Then Down removes its cgroups, folders and
// state, and puts the raised limits back. If there is no node, it does nothing. A boot
// or a measurement that is under way is interrupted first.
func Down(ctx context.Context, l Layout, options DownOptions) error {
	if os.Geteuid() != 0 {
		return ErrNotRoot
	}
	m := machine{runDir}
	release, err := m.hold(ctx, Holder{Does: Removes, State: l.State}, func(holder Holder) {
		options.OnWait(holder)
		if (holder.Does == Boots || holder.Does == Measures) && holder.State == l.State {
			_ = syscall.Kill(holder.PID, syscall.SIGTERM) // it may have ended by itself
		}
	})
	if err != nil {
		return err
	}
	defer release()
	return l.remove(m, sandbox.Host{}, options.OnWarning)
}

// remove is Down without the lock, which the caller holds.
func (l Layout) remove(m machine, h host, warn func(error)) error {
	owner, err := m.owner(warn)
	if err != nil {
		return err
	}
	own, err := l.isOwn(owner)
	if err != nil || !own {
		return err
	}
	if owner != "" && owner != l.State {
		return &OtherNodeError{owner}
	}
	if err := l.endNode(h, warn); err != nil {
		return err
	}
	if err := h.Clean(l.hostNotes(), warn); err != nil {
		return err
	}
	if err := l.removeState(warn); err != nil {
		return err
	}
	return m.disown()
}

// endNode ends the node's processes. A node whose note is lost is found by its cgroups.
func (l Layout) endNode(h host, warn func(error)) error {
	first, err := l.running()
	if errors.Is(err, note.ErrUnreadable) {
		warn(fmt.Errorf("it is not known which process is the node's: %w", err))
	} else if err != nil {
		return err
	}
	if first == nil {
		pid, err := h.FirstProcess()
		if err != nil || pid == 0 {
			return err
		}
		start, err := startTime(pid)
		if err != nil {
			return nil // it has just ended
		}
		first = &firstProcess{PID: pid, StartTime: start}
	}
	return first.end(10 * time.Second)
}
