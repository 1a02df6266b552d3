//go:build linux

package loadgen

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"
)

// keepAwake keeps the processors from sleeping while a benchmark runs, by a process
// that uses whatever time nobody else wants. A virtual processor that has to be
// woken by its host takes tens of microseconds, on either side; that is the
// machine's time and not the tool's, and a node that starts an instance does not
// sleep.
func keepAwake(b *testing.B) {
	b.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "LOADGEN_AWAKE=1")
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Process.Kill(); c.Wait() })
}

// schedIdle is the policy of a thread that runs when no other wants to.
const schedIdle = 5

// stayAwake never returns.
func stayAwake() {
	runtime.GOMAXPROCS(runtime.NumCPU() + 1)
	for range runtime.NumCPU() {
		go func() {
			runtime.LockOSThread()
			priority := int32(0)
			_, _, failed := syscall.RawSyscall(syscall.SYS_SCHED_SETSCHEDULER, 0, schedIdle, uintptr(unsafe.Pointer(&priority)))
			if failed != 0 {
				os.Exit(1) // at another priority it would disturb
			}
			for turns := uint(0); ; {
				turns++
			}
		}()
	}
	select {}
}
