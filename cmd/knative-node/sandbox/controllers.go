package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
)

// This file holds what happens to the controllers of cgroup version 2. A group has only
// those that the group above hands on.

// podControllers are the controllers that the kubelet and the container runtimes use.
var podControllers = []string{"cpu", "cpuset", "hugetlb", "io", "memory", "pids"}

// handedOn is what a group was made to hand on.
type handedOn struct {
	Group       string   `json:"group"`
	Controllers []string `json:"controllers"`
}

// HandOnControllers makes the host hand the controllers that pods need on to the node's
// group. systemd hands on what its own units need, which is often memory and pids alone,
// and without cpu neither runc nor crun nor gVisor starts a container. Once the node's
// group hands them on too, the kernel lets nobody take them away. What was changed is in
// the file save, for TakeBackControllers. Where the controllers are on version 1, nothing
// is done.
func HandOnControllers(save string) error {
	root, err := version2Root()
	if err != nil || root == "" {
		return err
	}
	return handOnControllers(root, save)
}

// version2Root is where version 2 is mounted, or "" if it has not the controllers.
func version2Root() (string, error) {
	hierarchies, err := version1OfSelf()
	if err != nil || slices.ContainsFunc(hierarchies, version1Hierarchy.hasController) {
		return "", err
	}
	mounts, err := cgroupMounts()
	if err != nil {
		return "", err
	}
	for _, m := range mounts {
		if m.FSType == "cgroup2" {
			return m.Mountpoint, nil
		}
	}
	return "", nil
}

func handOnControllers(root, save string) error {
	available, err := readWords(filepath.Join(root, "cgroup.controllers"))
	if err != nil {
		return err
	}
	already, err := readWords(filepath.Join(root, subtreeControl))
	if err != nil {
		return err
	}
	var missing []string
	for _, c := range podControllers {
		if slices.Contains(available, c) && !slices.Contains(already, c) {
			missing = append(missing, c)
		}
	}
	// This is written before anything is changed, as in raiseLimits.
	if err := note.Write(save, handedOn{root, missing}); err != nil {
		return err
	}
	return handOn(root, missing)
}

// TakeBackControllers undoes HandOnControllers, once the node's group is removed. What
// another group hands on further by now, it leaves. Without the file save it does nothing.
func TakeBackControllers(save string) error {
	var h handedOn
	err := note.Read(save, &h)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, c := range h.Controllers {
		err := os.WriteFile(filepath.Join(h.Group, subtreeControl), []byte("-"+c), 0o644)
		if err != nil && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("take the cgroup controller %s back: %w", c, err)
		}
	}
	return nil
}

// subtreeControl is the file that names the controllers which a group hands on.
const subtreeControl = "cgroup.subtree_control"

// handOn makes a group hand controllers on. The kernel allows this only for the root of
// all groups and for a group without processes of its own.
func handOn(group string, controllers []string) error {
	if len(controllers) == 0 {
		return nil
	}
	text := "+" + strings.Join(controllers, " +")
	if err := os.WriteFile(filepath.Join(group, subtreeControl), []byte(text), 0o644); err != nil {
		return fmt.Errorf("hand cgroup controllers on (%s): %w", text, err)
	}
	return nil
}

func readWords(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	return strings.Fields(string(text)), err
}
