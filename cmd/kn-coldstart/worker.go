package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/loadgen/worker"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// newWorker is what the pods of --workers run. It is not for people.
func newWorker() *cobra.Command {
	return &cobra.Command{
		Use:     "worker",
		Short:   "Send requests for a kn-coldstart that leads this one",
		Long:    "worker is what the pods of --workers run: it waits for a coordinator, and sends the requests that it asks for.",
		Example: "  kn-coldstart load --runtime-class runc --rate 1000/s --workers 3",
		Hidden:  true,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return work(cmd.Context()) },
	}
}

// endLimit is how long a worker has to tell what it has when it is to end.
const endLimit = 4 * time.Second

// work serves until ctx ends, or until nobody has asked for anything for a while.
func work(ctx context.Context) error {
	token := os.Getenv(templates.WorkerTokenVariable)
	if token == "" {
		return usage(fmt.Errorf("%s is not set: a worker is started by --workers", templates.WorkerTokenVariable))
	}
	setCollector(collectorPercent)
	w := worker.NewServer(token, tool().Version)
	server := &http.Server{Addr: fmt.Sprintf(":%d", templates.WorkerPort), Handler: w, ReadHeaderTimeout: time.Minute}
	idle, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		w.AwaitIdle(idle, worker.IdleLimit)
		w.End()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
		defer cancel()
		ended <- server.Shutdown(ending)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("listen for a coordinator: %w", err)
	}
	if err := <-ended; err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errors.New("a signal has ended this worker before its work was done") // so that its Job replaces it
	}
	return nil
}
