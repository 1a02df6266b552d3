// Package native runs what an image runs outside of any container, as the base that
// containers are compared with.
//
// The files of the image are unpacked into a folder, and its program is started with that
// folder as its root. So it is the same program, with the same libraries, that an instance
// runs. What differs is what a container adds: there are no namespaces, no cgroup of its own
// and no limits but those of the process that starts it, no seccomp filter, and its files
// are in the file system of the folder. It needs root, because only root may change a
// process's root.
package native

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Root is an image whose files are in a folder of this machine.
type Root struct {
	folder string
	config config
	// user and group are those that the image's program runs as.
	user, group uint32
}

// config is what an image says about its program.
type config struct {
	Entrypoint, Cmd, Env []string
	User                 string
}

// Open unpacks the one image of an OCI archive into a new folder of this machine's folder
// for temporary files. It has to be removed.
func Open(archive string) (*Root, error) {
	r, err := open(archive)
	if err != nil {
		return nil, fmt.Errorf("unpack image %s to run it natively: %w", archive, err)
	}
	return r, nil
}

func open(path string) (r *Root, err error) {
	if err := possible(); err != nil {
		return nil, err
	}
	a, err := openArchive(path)
	if err != nil {
		return nil, err
	}
	defer a.close()
	r = &Root{}
	layers, err := a.image(&r.config)
	if err != nil {
		return nil, err
	}
	if len(r.config.Entrypoint)+len(r.config.Cmd) == 0 {
		return nil, errors.New("the image names no program")
	}
	user, group, named := strings.Cut(r.config.User, ":")
	if r.user, err = number("user", user); err != nil {
		return nil, err
	}
	if r.group, err = number("group", group); err != nil {
		return nil, err
	}
	if r.folder, err = os.MkdirTemp("", "kn-coldstart-native-"); err != nil {
		return nil, err
	}
	err = r.fill(a, layers)
	if err == nil && !named {
		r.group, err = r.groupOf(r.user)
	}
	if err != nil {
		return nil, errors.Join(err, r.Remove())
	}
	return r, nil
}

// fill unpacks layers into the folder.
func (r *Root) fill(a *archive, layers []string) error {
	if err := os.Chmod(r.folder, 0o755); err != nil { // the image's user reads it
		return err
	}
	for _, digest := range layers {
		if err := a.unpack(digest, r.folder); err != nil {
			return err
		}
	}
	return nil
}

// Remove removes the folder.
func (r *Root) Remove() error { return os.RemoveAll(r.folder) }
