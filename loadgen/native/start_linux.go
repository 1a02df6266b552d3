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

var startLimit = 10 * time.Second

const (
	stopLimit = 10 * time.Second
	// goneLimit is how long what the program left may take to be gone once it was killed.
	goneLimit = time.Second
)

// process is the image's program once it was started.
type process struct {
	cmd     *exec.Cmd
	address string
	said    bytes.Buffer
	// ended is closed when the program and all that it started are gone. Only then why and
	// said may be read.
	ended chan struct{}
	why   error
}

// Start starts the image's program, as the image's user, and waits until it listens at the
// address that it returns. It ends with ctx, with stop, or with this process, and what it
// started ends with it.
func (r *Root) Start(ctx context.Context) (address string, stop func() error, err error) {
	p, err := r.start(ctx)
	if err != nil {
		return "", nil, err
	}
	return p.address, func() error { return p.end(ctx) }, nil
}

func (r *Root) start(ctx context.Context) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: r.command(ctx, port), address: net.JoinHostPort("127.0.0.1", port), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", strings.Join(p.cmd.Args, " "), err)
	}
	go p.wait()
	if err := p.await(); err != nil {
		p.kill()
		<-p.ended
		return nil, fmt.Errorf("start %s: %w: %s", strings.Join(p.cmd.Args, " "), err, p.text())
	}
	return p, nil
}

func (r *Root) command(ctx context.Context, port string) *exec.Cmd {
	argv := slices.Concat(r.config.Entrypoint, r.config.Cmd)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = slices.Concat(r.config.Env, []string{"HOST=127.0.0.1", "PORT=" + port})
	cmd.Dir, cmd.WaitDelay = "/", stopLimit
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot: r.folder, Credential: &syscall.Credential{Uid: r.user, Gid: r.group}, Pdeathsig: syscall.SIGTERM,
		Setpgid: true, // Ctrl-C in a terminal is for this process, which ends the other; and kill ends the group
	}
	return cmd
}

// wait waits for the program's end, and then ends what it left.
func (p *process) wait() {
	p.why = p.cmd.Wait()
	for deadline := time.Now().Add(goneLimit); p.kill() && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	close(p.ended)
}

// kill kills the program and all that it started, and says whether there was any of them.
func (p *process) kill() bool { return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) == nil }

// text is what the program said.
func (p *process) text() string { return strings.TrimSpace(p.said.String()) }

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// await returns when something listens, or with why nothing will.
func (p *process) await() error {
	deadline := time.After(startLimit)
	for {
		conn, err := net.Dial("tcp", p.address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.ended:
			return fmt.Errorf("it ended: %v", p.why)
		case <-deadline:
			return fmt.Errorf("it does not listen after %v: %w", startLimit, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// end ends the program, and returns when it is gone.
func (p *process) end(ctx context.Context) error {
	select {
	case <-p.ended:
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("%s ended before it was told to: %v: %s", strings.Join(p.cmd.Args, " "), p.why, p.text())
	default:
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended just now
	select {
	case <-p.ended: // by the signal, whatever its exit code
		return nil
	case <-time.After(stopLimit):
	}
	p.kill()
	<-p.ended
	return fmt.Errorf("%s did not end %v after SIGTERM, and was killed: %s", strings.Join(p.cmd.Args, " "), stopLimit, p.text())
}
