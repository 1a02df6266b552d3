package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
)

// limits are the only settings that the node changes outside of the sandbox. The
// kernel has one value of each for all namespaces together.
//
// gc_thresh2 and gc_thresh3 say how many network neighbours (ARP entries) the kernel
// keeps. A pod and everything that it speaks with take one entry for each other.
// Entries in use are never dropped. When gc_thresh3 is reached, the kernel silently
// drops packets to neighbours that have no entry: with its default of 1024, pods
// beyond some 240 do not get Ready.
//
// pid_max says how many threads there may be. Some three hundred gVisor sandboxes
// took all of the 32768 of a machine with few processors, and no process could be
// started any more. Machines with systemd have raised it already.
var limits = map[string]int{
	"net/ipv4/neigh/default/gc_thresh2": 8192,
	"net/ipv4/neigh/default/gc_thresh3": 16384,
	"kernel/pid_max":                    1 << 22,
}

const sysctlRoot = "/proc/sys"

// raised is a limit that was changed.
type raised struct {
	Before int `json:"before"`
	Raised int `json:"raised"`
}

// RaiseLimits raises the kernel's limits that are too low for hundreds of pods. It
// writes their old values to the file save, for RestoreLimits. The error names the
// limits that stay too low. That happens where the host is itself in a network
// namespace other than the first: these namespaces do not show all limits.
func RaiseLimits(save string) error { return raiseLimits(sysctlRoot, save) }

func raiseLimits(root, save string) error {
	changes := map[string]raised{}
	var errs []error
	for key, want := range limits {
		have, err := readLimit(root, key)
		if err != nil {
			errs = append(errs, err)
		} else if have < want {
			changes[key] = raised{Before: have, Raised: want}
		}
	}
	// The old values are written before anything is changed: so what a crash leaves
	// can be put back.
	if err := note.Write(save, changes); err != nil {
		return err
	}
	for key, change := range changes {
		errs = append(errs, writeLimit(root, key, change.Raised))
	}
	return errors.Join(errs...)
}

// RestoreLimits puts back the limits that RaiseLimits changed, except those that
// somebody else has changed since. Without the file save it does nothing.
func RestoreLimits(save string) error { return restoreLimits(sysctlRoot, save) }

func restoreLimits(root, save string) error {
	var changes map[string]raised
	err := note.Read(save, &changes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for key, change := range changes {
		have, err := readLimit(root, key)
		if err == nil && have == change.Raised {
			err = writeLimit(root, key, change.Before)
		}
		if err != nil {
			return fmt.Errorf("put the limit %s back to %d: %w", key, change.Before, err)
		}
	}
	return nil
}

func readLimit(root, key string) (int, error) {
	b, err := os.ReadFile(filepath.Join(root, key))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

func writeLimit(root, key string, value int) error {
	return os.WriteFile(filepath.Join(root, key), []byte(strconv.Itoa(value)), 0o644)
}
