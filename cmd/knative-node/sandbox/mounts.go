package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// privateMounts separates the sandbox's mounts from the host's, and mounts the
// sandbox's own /proc, /sys, /run and folders.
func privateMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make / private: %w", err)
	}
	const strict = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := mount("proc", "/proc", strict, ""); err != nil {
		return err
	}
	if err := mount("sysfs", "/sys", strict, ""); err != nil {
		return err
	}
	if err := mount("tmpfs", "/run", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return err
	}
	if err := hideFolders(); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share mounts within the sandbox: %w", err)
	}
	if err := os.MkdirAll("/run/netns", 0o755); err != nil {
		return err
	}
	return ownResolver()
}

// ownResolver makes the cluster's DNS server the only one. For a name outside of the
// cluster it answers at once, with a refusal. The host's servers cannot be reached from
// the sandbox, so a question to them would hang.
func ownResolver() error {
	const file = "/run/resolv.conf"
	if err := os.WriteFile(file, []byte("nameserver "+DNSServiceIP+"\n"), 0o644); err != nil {
		return err
	}
	// On many machines this file is a link into /run, which is empty by now.
	const target = "/etc/resolv.conf"
	if link, err := os.Readlink(target); err == nil {
		link = filepath.Join("/", strings.TrimPrefix(link, ".."))
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return err
		}
		return os.Symlink(file, link)
	}
	if err := unix.Mount(file, target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", file, target, err)
	}
	return nil
}

func mount(kind, target string, flags uintptr, data string) error {
	if err := unix.Mount(kind, target, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, target, err)
	}
	return nil
}
