package node

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/process"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// initProgram becomes the first process of the sandbox. It waits for processes whose
// parents have ended, and passes signals on to the supervisor.
const initProgram = "/usr/bin/catatonit"

// The commands with which knative-node starts itself again: as the first process of the
// sandbox, and from there as the supervisor.
const (
	InitCommand      = "init"
	SuperviseCommand = "supervise"
)

func (l Layout) command(name string, timeout time.Duration) []string {
	return []string{"/proc/self/exe", name, "--state-dir", l.State, "--dist-dir", l.Dist, "--timeout", timeout.String()}
}

// Init runs as the sandbox's first process. It completes the sandbox, and becomes the
// init program, which starts the supervisor. The boot may take as long as timeout.
func Init(l Layout, timeout time.Duration) error {
	runtime.LockOSThread()
	if err := sandbox.Enter(nodeName); err != nil {
		return fmt.Errorf("complete the sandbox: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := append([]string{initProgram, "--", self}, l.command(SuperviseCommand, timeout)[1:]...)
	return syscall.Exec(initProgram, args, os.Environ())
}

// Supervise boots the node, within timeout, and keeps it running until ctx ends.
func Supervise(ctx context.Context, l Layout, timeout time.Duration) error {
	events := os.NewFile(sandbox.EventsFD, "events")
	r := &reporter{out: events}
	r.report(Progress{Kind: entered})
	group := process.NewGroup(l.logs())
	defer group.Stop(context.Background(), 2*time.Second)
	b := &boot{Layout: l, reporter: r, group: group}
	if err := b.bootOrFail(ctx, timeout); err != nil {
		r.report(Progress{Kind: failed, Detail: err.Error()})
		return err
	}
	group.Settle()
	server, err := b.serve()
	if err != nil {
		r.report(Progress{Kind: failed, Detail: err.Error()})
		return err
	}
	defer server.Close()
	tell := func(err error) { fmt.Fprintln(os.Stderr, err) }
	b.ingressTLS.follow(ctx, b.client, tell)
	go process.RotateLogs(ctx, l.logs(), tell)
	r.report(Progress{Kind: ready})
	events.Close()
	<-ctx.Done()
	return nil
}
