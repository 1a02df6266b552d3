//go:build !unix

package main

import "syscall"

// brokenOutput is never so: no signal tells of it here.
func brokenOutput() bool { return false }

// lowPriority is nothing here.
func lowPriority() {}

// ownGroup is nothing here, where there is no embedded node either.
func ownGroup() *syscall.SysProcAttr { return nil }
