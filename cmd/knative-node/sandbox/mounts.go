package sandbox

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// privateMounts cuts the mounts off from the host's and gives the sandbox its
// own /proc, /sys and /run.
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
	// Containers are shared mounts' users: the kubelet wants /run to propagate.
	if err := mount("tmpfs", "/run", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share mounts within the sandbox: %w", err)
	}
	return os.MkdirAll("/run/netns", 0o755)
}

func mount(kind, target string, flags uintptr, data string) error {
	if err := unix.Mount(kind, target, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, target, err)
	}
	return nil
}
