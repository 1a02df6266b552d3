//go:build unix

package self

import (
	"runtime"
	"syscall"
	"time"
)

// CPUTime is the process's CPU time, user and system; zero where the kernel does not
// tell.
func CPUTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// PeakMemory is the most memory of the process that was ever resident, in bytes.
func PeakMemory() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return residentBytes(int64(u.Maxrss), runtime.GOOS)
}

// residentBytes converts what getrusage says of resident memory: Apple's kernel
// counts bytes, all others count KiB.
func residentBytes(maxrss int64, system string) int64 {
	if system == "darwin" || system == "ios" {
		return maxrss
	}
	return maxrss * 1024
}
