package main

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// clockBoottime is CLOCK_BOOTTIME, the clock of the start times in /proc. Unlike
// btime in /proc/stat, which is whole seconds, it is exact to the nanosecond.
const clockBoottime = 7

// processStarted is when the kernel started this process, to within a tick, and
// false where that cannot be known.
func processStarted(entered time.Time) (time.Time, bool) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return time.Time{}, false
	}
	var ts syscall.Timespec
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockBoottime, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return time.Time{}, false
	}
	started, err := startedAt(string(stat), time.Now(), time.Duration(ts.Nano()))
	if err != nil || !plausible(started, entered) {
		return time.Time{}, false
	}
	return started, true
}
