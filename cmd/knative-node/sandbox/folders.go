package sandbox

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// folders are where programs of the node write whatever they are told: what network
// plugins answered, device plugins' sockets, links to the logs of containers. The
// sandbox has its own in their places, so that nothing stays and no other node's are
// touched.
var folders = []string{"/var/lib/cni", "/var/lib/kubelet", "/var/log/containers"}

// MakeFolders makes those folders that the host does not have, for the sandbox to
// mount its own on. Which they were goes to the file save, from which RemoveFolders
// takes it.
func MakeFolders(save string) error { return makeFolders("/", save) }

func makeFolders(root, save string) error {
	var missing []string
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(root, folder)); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, folder)
		}
	}
	// First the note, then the deed: what a crash leaves can be removed.
	b, err := json.Marshal(missing)
	if err != nil {
		return err
	}
	if err := os.WriteFile(save, b, 0o600); err != nil {
		return err
	}
	for _, folder := range missing {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// RemoveFolders removes what MakeFolders made, except a folder in which somebody
// else has put something since. Without the file save it does nothing.
func RemoveFolders(save string) error { return removeFolders("/", save) }

func removeFolders(root, save string) error {
	b, err := os.ReadFile(save)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var made []string
	if err := json.Unmarshal(b, &made); err != nil {
		return err
	}
	var errs []error
	for _, folder := range made {
		err := unix.Rmdir(filepath.Join(root, folder))
		if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTEMPTY) {
			errs = append(errs, &fs.PathError{Op: "remove", Path: folder, Err: err})
		}
	}
	return errors.Join(errs...)
}

// hideFolders mounts the sandbox's own folders.
func hideFolders() error {
	for _, folder := range folders {
		if err := mount("tmpfs", folder, unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
			return err
		}
	}
	return nil
}
