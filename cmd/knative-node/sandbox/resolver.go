package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// resolver is the sandbox's own resolv.conf. It makes the cluster's DNS server the only
// one. For a name outside of the cluster it answers at once, with a refusal. The host's
// servers cannot be reached from the sandbox, so a question to them would hang.
type resolver struct {
	// etc is the folder in which programs look for resolv.conf, and run is the sandbox's
	// own /run.
	etc, run string
}

// mount makes every program of the sandbox find the cluster's DNS server. It changes no
// file of the host, although resolv.conf is often a link, and may be one to anywhere.
func (r resolver) mount() error {
	own := filepath.Join(r.run, "resolv.conf")
	if err := os.WriteFile(own, []byte("nameserver "+DNSServiceIP+"\n"), 0o644); err != nil {
		return err
	}
	conf := filepath.Join(r.etc, "resolv.conf")
	// The kernel follows links, so this hides the file at their end.
	err := unix.Mount(own, conf, "", unix.MS_BIND, "")
	if err == nil {
		return nil
	}
	if !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("mount %s on %s: %w", own, conf, err)
	}
	// On many machines the link leads into /run, which is empty by now.
	if end, err := linkEnd(conf); err == nil && strings.HasPrefix(end, r.run+"/") {
		if err := os.MkdirAll(filepath.Dir(end), 0o755); err != nil {
			return err
		}
		return os.Symlink(own, end)
	}
	return r.mountOverlay(own)
}

// mountOverlay gives the sandbox an /etc of its own, in which resolv.conf is no link. It
// is for hosts that have no resolv.conf, or a link to nothing.
func (r resolver) mountOverlay(own string) error {
	upper, work := filepath.Join(r.run, "etc"), filepath.Join(r.run, "etc-work")
	if err := errors.Join(os.Mkdir(upper, 0o755), os.Mkdir(work, 0o700)); err != nil {
		return err
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", r.etc, upper, work)
	if err := mount("overlay", r.etc, 0, options); err != nil {
		return err
	}
	conf := filepath.Join(r.etc, "resolv.conf")
	if err := os.Remove(conf); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Symlink(own, conf)
}

// mostLinks is how many links after one another the kernel follows.
const mostLinks = 40

// linkEnd is the path to which links lead in the end. Unlike filepath.EvalSymlinks it
// needs no file there, nor the folders above it.
func linkEnd(path string) (string, error) {
	for range mostLinks {
		folder, err := realFolder(filepath.Dir(path))
		if err != nil {
			return "", err
		}
		path = filepath.Join(folder, filepath.Base(path))
		link, err := os.Readlink(path)
		if err != nil {
			return path, nil // it is no link, or nothing
		}
		if path = link; !filepath.IsAbs(link) {
			path = filepath.Join(folder, link)
		}
	}
	return "", fmt.Errorf("follow the link %s: %w", path, unix.ELOOP)
}

// realFolder resolves the links in the part of a folder's path that exists.
func realFolder(folder string) (string, error) {
	real, err := filepath.EvalSymlinks(folder)
	if !os.IsNotExist(err) || folder == "/" {
		return real, err
	}
	above, err := realFolder(filepath.Dir(folder))
	return filepath.Join(above, filepath.Base(folder)), err
}
