package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/live"
)

// pageCommand is the command that --live runs beside a run.
const pageCommand = "live-page"

// newLivePage makes the command that serves a run's page. It is for this program: it says
// on standard output where the page is, reads the path of the run file from standard input,
// and ends when that does, as it also does when the program that measures is killed.
func newLivePage() *cobra.Command {
	return &cobra.Command{
		Use: pageCommand + " HOST:PORT", Short: "Serve the page of a run while it goes on; --live runs it", Hidden: true,
		Example: "  kn-coldstart single --live :8080",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return servePage(args[0]) },
	}
}

// lastLook is how long the page of a run that has ended may take.
const lastLook = 10 * time.Second

func servePage(address string) error {
	lowPriority()
	runtime.GOMAXPROCS(1)
	server, err := live.Listen(address)
	if err != nil {
		return err
	}
	fmt.Println(server.URL())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		server.Follow(strings.TrimSpace(lines.Text()))
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastLook)
	defer cancel()
	return server.End(ctx)
}
