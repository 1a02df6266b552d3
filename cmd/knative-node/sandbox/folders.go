package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
)

// folders are the folders in which programs of the node write whatever their
// settings say: the answers of network plugins, the sockets of device plugins, links
// to the logs of containers. The sandbox mounts folders of its own in their places.
// So nothing stays on the host, and another node's files there are left alone.
var folders = []string{"/var/lib/cni", "/var/lib/kubelet", "/var/log/containers"}

// MakeFolders makes the folders that the host does not have, so that the sandbox can
// mount its own there. It writes their names to the file save, for RemoveFolders.
func MakeFolders(save string) error { return makeFolders("/", save) }

func makeFolders(root, save string) error {
	var missing []string
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(root, folder)); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, folder)
		}
	}
	// The list is written before the folders are made: so what a crash leaves can be
	// removed.
	if err := note.Write(save, missing); err != nil {
		return err
	}
	for _, folder := range missing {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// RemoveFolders removes the folders that MakeFolders made, except those that are not
// empty because somebody else has used them since. Without the file save it does
// nothing.
func RemoveFolders(save string) error { return removeFolders("/", save) }

func removeFolders(root, save string) error {
	var made []string
	err := note.Read(save, &made)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
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

// hideFolders mounts the sandbox's own folders over the host's.
func hideFolders() error {
	for _, folder := range folders {
		if err := mount("tmpfs", folder, unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
			return err
		}
	}
	return nil
}
