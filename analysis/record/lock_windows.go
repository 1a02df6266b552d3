package record

import (
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// lock takes the lock of a file until it is closed. The error is ErrTaken if another command
// has it. Some file systems have no locks, and their files are used without.
func lock(f *os.File) error {
	// Nobody else can read what is locked, so it is a byte that no file has.
	beyond := &windows.Overlapped{Offset: math.MaxUint32, OffsetHigh: math.MaxInt32}
	const how = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	if windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, beyond) == windows.ERROR_LOCK_VIOLATION {
		return ErrTaken
	}
	return nil
}
