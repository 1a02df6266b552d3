//go:build unix

package main

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// brokenOutput says whether standard output or standard error is a pipe without a reader.
func brokenOutput() bool {
	files := []unix.PollFd{{Fd: 1}, {Fd: 2}}
	for { // an error is reported unasked
		_, err := unix.Poll(files, 0)
		if err == unix.EINTR {
			continue
		}
		return err == nil && (files[0].Revents|files[1].Revents)&unix.POLLERR != 0
	}
}

// lowPriority has all threads of this process group, and those that they start, go after
// everything else on this computer. A system that does not let it is none to fail on.
func lowPriority() { _ = unix.Setpriority(unix.PRIO_PGRP, 0, 19) }

// ownGroup starts a program in a process group of its own.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
