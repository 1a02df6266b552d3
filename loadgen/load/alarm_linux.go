package load

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// kernelTimer is an alarm by a timer of the kernel, which tells Go's poller as a connection
// does on which something has arrived: within some tens of microseconds, not at the next
// millisecond.
type kernelTimer struct {
	file *os.File
	fd   int
	// unhook ends the watch over ctx.
	unhook func() bool
}

func newKernelTimer(ctx context.Context) (alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create a timer of the kernel: %w", err)
	}
	t := &kernelTimer{file: os.NewFile(uintptr(fd), "timer"), fd: fd}
	t.unhook = context.AfterFunc(ctx, func() { t.file.SetReadDeadline(time.Unix(1, 0)) })
	return t, nil
}

func (t *kernelTimer) close() {
	t.unhook()
	t.file.Close()
}

func (t *kernelTimer) wait(ctx context.Context, d time.Duration) error {
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	if err := unix.TimerfdSettime(t.fd, 0, &at, nil); err != nil {
		return fmt.Errorf("set a timer of the kernel: %w", err)
	}
	var expirations [8]byte
	_, err := t.file.Read(expirations[:])
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	if err != nil {
		return fmt.Errorf("wait for a timer of the kernel: %w", err)
	}
	return nil
}
