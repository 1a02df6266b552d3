package node

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

// This file decides what belongs to a node: Up and Down touch nothing else, whatever
// folder the user names.

// markerText is what the marker file tells people who find it.
const markerText = "This folder holds the state of an embedded node of kn-coldstart.\n" +
	"'kn-coldstart cluster down' removes what the node has put here.\n"

// marker is the file by which Up marks the state folder as a node's.
func (l Layout) marker() string { return filepath.Join(l.State, "knative-node") }

// ForeignFolderError is the error of Up and Down for a folder that was no node's.
type ForeignFolderError struct{ Folder, Marker string }

func (e *ForeignFolderError) Error() string {
	return fmt.Sprintf("%s is not the state folder of a node: it is not empty and has no file %s; nothing in it was touched",
		e.Folder, filepath.Base(e.Marker))
}

// entries are all names that a node puts into its state folder.
func (l Layout) entries() []string {
	paths := []string{
		l.logs(), l.PodLogs(), l.VolumePlugins(), l.PKI(""), l.Kubeconfig(),
		l.config("containerd.toml"), l.config("kubelet.yaml"), l.config("kube-proxy.yaml"), l.config("cni"),
		l.ContainerdRoot(), l.config("opt"), l.config("overlay"), l.config("etcd"), l.config("kubelet"),
		l.ContainerdSocket(), l.ContainerdSocket() + ".ttrpc", l.controlSocket(), l.handlerFolder(""),
	}
	notes := l.hostNotes()
	for _, each := range []string{l.runningFile(), notes.Limits, notes.Folders, notes.Controllers, l.handlerList()} {
		paths = append(paths, each, note.Temporary(each))
	}
	for i, path := range paths {
		paths[i] = filepath.Base(path)
	}
	return paths
}

// isOwn says whether the state folder is a node's: because Up has marked it, or because the
// host's node is the folder's although somebody has removed the marker. Its error is a
// *ForeignFolderError for a folder that holds something and is no node's. An empty folder
// is nobody's.
func (l Layout) isOwn(owner string) (bool, error) {
	if owner == l.State {
		return true, nil
	}
	found, err := os.ReadDir(l.State)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look into the state folder: %w", err)
	}
	if exists(l.marker()) {
		return true, nil
	}
	if len(found) > 0 {
		return false, &ForeignFolderError{l.State, l.marker()}
	}
	return false, nil
}

// mark makes the state folder, and marks it before anything else is put into it.
func (l Layout) mark() error {
	if err := os.MkdirAll(l.State, 0o700); err != nil {
		return err
	}
	return os.WriteFile(l.marker(), []byte(markerText), 0o600)
}

// removeState removes the node's entries from the state folder, and the folder if nothing
// else is in it. What it leaves is told to warn; then the marker stays too, so that the
// folder can be used again.
func (l Layout) removeState(warn func(error)) error {
	for _, name := range l.entries() {
		if err := os.RemoveAll(filepath.Join(l.State, name)); err != nil {
			return fmt.Errorf("remove the node's state: %w", err)
		}
	}
	left, err := os.ReadDir(l.State)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove the node's state: %w", err)
	}
	var foreign []string
	for _, entry := range left {
		if entry.Name() != filepath.Base(l.marker()) {
			foreign = append(foreign, entry.Name())
		}
	}
	if len(foreign) > 0 {
		slices.Sort(foreign)
		warn(fmt.Errorf("the folder %s stays, because the node did not make what else is in it: %s", l.State, strings.Join(foreign, ", ")))
		return nil
	}
	if err := os.Remove(l.marker()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the node's state: %w", err)
	}
	// A mounted disk or a link to a folder stays, empty.
	err = unix.Rmdir(l.State)
	if err != nil && !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.ENOTDIR) {
		return fmt.Errorf("remove the state folder %s: %w", l.State, err)
	}
	return nil
}

// owner is the note about whose cgroups, interface and raised limits there are.
type owner struct {
	State string `json:"stateDir"`
}

// OtherNodeError is the error of Up and Down when the host's node is another folder's.
type OtherNodeError struct{ Folder string }

func (e *OtherNodeError) Error() string {
	return "there is another node, or what is left of it: that of the state folder " + e.Folder
}

// owner returns the state folder of the node that the host has, or "".
func (m machine) owner(warn func(error)) (string, error) {
	var o owner
	err := note.Read(m.ownerFile(), &o)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case errors.Is(err, note.ErrUnreadable):
		warn(err)
		return "", nil
	}
	return o.State, err
}

// own writes down that what the host has of a node is that of the state folder.
func (m machine) own(state string) error { return note.Write(m.ownerFile(), owner{state}) }

// disown says that the host has nothing of a node any more.
func (m machine) disown() error {
	for _, path := range []string{m.ownerFile(), note.Temporary(m.ownerFile())} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
