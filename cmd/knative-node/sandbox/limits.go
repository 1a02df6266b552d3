package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// limits are the only settings that the node changes outside of the sandbox,
// those that the kernel has for all namespaces together.
//
// gc_thresh2 and 3: how many network neighbours (ARP) it keeps. A pod and each
// that it speaks with take an entry for one another. Entries in use are not
// dropped, and from gc_thresh3 on packets to who has none are, silently: with the
// kernel's 1024, pods beyond some 240 do not get Ready.
//
// pid_max: how many threads there are. Some three hundred gVisor sandboxes took the
// 32768 of a machine of few processors, and no process could be started any more.
// Machines with systemd have it raised already.
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

// RaiseLimits raises the kernel's limits that are too low for hundreds of pods.
// What they were goes to the file save, from which RestoreLimits takes it. Its
// error tells of limits that stay too low: network namespaces other than the
// first do not show them.
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
	// First the note, then the deed: what a crash leaves can be put back.
	b, err := json.Marshal(changes)
	if err != nil {
		return err
	}
	if err := os.WriteFile(save, b, 0o600); err != nil {
		return err
	}
	for key, change := range changes {
		errs = append(errs, writeLimit(root, key, change.Raised))
	}
	return errors.Join(errs...)
}

// RestoreLimits puts back what RaiseLimits changed, except a limit that somebody
// else has changed since. Without the file save it does nothing.
func RestoreLimits(save string) error { return restoreLimits(sysctlRoot, save) }

func restoreLimits(root, save string) error {
	b, err := os.ReadFile(save)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var changes map[string]raised
	if err := json.Unmarshal(b, &changes); err != nil {
		return fmt.Errorf("read %s: %w", save, err)
	}
	for key, change := range changes {
		have, err := readLimit(root, key)
		if err == nil && have == change.Raised {
			err = writeLimit(root, key, change.Before)
		}
		if err != nil {
			return fmt.Errorf("put a limit back to %d: %w", change.Before, err)
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
