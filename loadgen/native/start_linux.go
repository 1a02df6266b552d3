package native

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// possible says why this process cannot run an image natively.
func possible() error {
	if os.Geteuid() != 0 {
		return errors.New("it takes root, to run its program with the folder as its root")
	}
	return nil
}

const (
	startLimit = 10 * time.Second
	stopLimit  = 10 * time.Second
)

// Start starts the image's program, as the image's user, and waits until it listens at the
// address that it returns. It ends with ctx, with stop, or with this process.
func (r *Root) Start(ctx context.Context) (address string, stop func() error, err error) {
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	argv := slices.Concat(r.config.Entrypoint, r.config.Cmd)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = slices.Concat(r.config.Env, []string{"HOST=127.0.0.1", "PORT=" + port})
	cmd.Dir, cmd.WaitDelay = "/", stopLimit
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot: r.folder, Credential: &syscall.Credential{Uid: r.user, Gid: r.user}, Pdeathsig: syscall.SIGTERM,
		Setpgid: true, // Ctrl-C in a terminal is for this process, which ends the other
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start %s: %w", strings.Join(argv, " "), err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	address = net.JoinHostPort("127.0.0.1", port)
	if err := await(address, ended); err != nil {
		_ = cmd.Process.Kill() // it may have ended already
		return "", nil, fmt.Errorf("start %s: %w: %s", strings.Join(argv, " "), err, strings.TrimSpace(said.String()))
	}
	return address, func() error { return end(cmd, ended) }, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// await returns when something listens, or with why nothing will.
func await(address string, ended <-chan error) error {
	deadline := time.After(startLimit)
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case why := <-ended:
			return fmt.Errorf("it ended: %v", why)
		case <-deadline:
			return fmt.Errorf("it does not listen after %v: %w", startLimit, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// end ends the program, and returns when it is gone.
func end(cmd *exec.Cmd, ended <-chan error) error {
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-ended: // by the signal, whatever its exit code
		return nil
	case <-time.After(stopLimit):
	}
	return errors.Join(fmt.Errorf("it did not end %v after SIGTERM, and is killed", stopLimit), cmd.Process.Kill())
}
