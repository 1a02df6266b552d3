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

// initProgram is the first process of the sandbox: it reaps orphans and passes
// signals on to the supervisor.
const initProgram = "/usr/bin/catatonit"

// The commands by which a node calls itself inside its sandbox.
const (
	InitCommand      = "init"
	SuperviseCommand = "supervise"
)

func (l Layout) command(name string) []string {
	return []string{"/proc/self/exe", name, "--state-dir", l.State, "--dist-dir", l.Dist}
}

// Init is the sandbox's first process: it finishes the sandbox and becomes the
// init program, whose child is the supervisor.
func Init(l Layout) error {
	runtime.LockOSThread()
	if err := sandbox.Enter(Name); err != nil {
		return fmt.Errorf("enter sandbox: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := append([]string{initProgram, "--", self}, l.command(SuperviseCommand)[1:]...)
	return syscall.Exec(initProgram, args, os.Environ())
}

// Supervise boots the node and then runs it until ctx ends.
func Supervise(ctx context.Context, l Layout) error {
	events := os.NewFile(sandbox.EventsFD, "events")
	r := &reporter{out: events, start: time.Now()}
	r.report(Progress{Kind: Entered})
	group := process.NewGroup(l.Logs())
	defer group.Stop(context.Background(), 2*time.Second)
	b := &boot{Layout: l, reporter: r, group: group}
	if err := b.bootOrFail(ctx); err != nil {
		r.report(Progress{Kind: Failed, Detail: err.Error()})
		return err
	}
	group.Settle()
	server, err := b.serve()
	if err != nil {
		r.report(Progress{Kind: Failed, Detail: err.Error()})
		return err
	}
	defer server.Close()
	r.report(Progress{Kind: Ready})
	events.Close()
	<-ctx.Done()
	return nil
}

// bootOrFail boots, and gives up at once when a component ends.
func (b *boot) bootOrFail(ctx context.Context) error {
	ctx, cancelTimeout := withTimeout(ctx)
	defer cancelTimeout()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-b.group.Failed():
			cancel(err)
		case <-ctx.Done():
		}
	}()
	return b.run(ctx)
}
