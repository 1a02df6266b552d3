package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/live"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// liveFlags say where the report can be seen while the run goes on.
type liveFlags struct{ address string }

func (f *liveFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.address, "live", "", "serve the HTML report while the run goes on, at HOST:PORT, or at :PORT for this computer alone")
}

// complete checks the address. The page is made of the run file.
func (f *liveFlags) complete(runFile string) error {
	if f.address == "" {
		return nil
	}
	if runFile == "-" {
		return errors.New("--live reads the run file: it cannot be standard output")
	}
	address, open, err := live.ParseAddress(f.address)
	if err != nil {
		return fmt.Errorf("--live %w", err)
	}
	if open {
		sayWarning("--live %s: whoever reaches this computer and has the page's address can read it, and what is on the way, too", address)
	}
	f.address = address
	return nil
}

// livePage is the process that serves the page. It has a process group of its own, so that
// a Ctrl-C is this program's, and a low priority.
type livePage struct {
	cmd   *exec.Cmd
	paths io.WriteCloser
}

// start serves the page, if one is asked for, and says where it is. A page that is not there
// can be told and ended, too.
func (f *liveFlags) start() (*livePage, error) {
	if f.address == "" {
		return nil, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("--live: %w", err)
	}
	return startLive(self, f.address)
}

// startLive starts the process, of this program, and waits until it serves.
func startLive(program, address string) (*livePage, error) {
	var said strings.Builder
	cmd := exec.Command(program, pageCommand, address)
	cmd.Stderr, cmd.SysProcAttr = &said, ownGroup()
	paths, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("--live: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("--live: %w", err)
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		_ = cmd.Wait() // what it says is why
		return nil, fmt.Errorf("serve --live %s: %s", address, strings.TrimPrefix(strings.TrimSpace(said.String()), "error: "))
	}
	sayMarked("", "", "live page: %s", strings.TrimSpace(url)) // with --quiet, too: it cannot be guessed
	return &livePage{cmd, paths}, nil
}

// See tells the page where the run file is.
func (p *livePage) See(n experiment.Notice) {
	if created, ok := n.(experiment.RunFileCreated); ok && p != nil {
		_, _ = fmt.Fprintln(p.paths, created.Path) // a page that is gone is nobody's
	}
}

// end has the page show the end, and waits until it has done so.
func (p *livePage) end() {
	if p == nil {
		return
	}
	_ = p.paths.Close()
	if err := p.cmd.Wait(); err != nil {
		sayWarning("the live page: %v", err)
	}
}
