//go:build unix

package record

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock takes the lock of a file until it is closed. The error is ErrTaken if another command
// has it. Some file systems have no locks, and their files are used without.
func lock(f *os.File) error {
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == unix.EWOULDBLOCK {
		return ErrTaken
	}
	return nil
}
