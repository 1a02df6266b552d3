package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/export"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/runfile"
)

// otlpFlags say whether metrics are sent, and where to.
type otlpFlags struct {
	send     bool
	endpoint string
	target   *export.Target
}

func (f *otlpFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.send, "otlp", false, "also send the metrics of the run by OTLP over HTTP, as OTEL_EXPORTER_OTLP_ENDPOINT and _HEADERS say")
	flags.StringVar(&f.endpoint, "otlp-endpoint", "", "URL of the receiver, such as http://localhost:4318; implies --otlp")
}

// prepare finds out where to send to, before anything is printed.
func (f *otlpFlags) prepare(files runfile.Set) (err error) {
	if f.send = f.send || f.endpoint != ""; !f.send {
		return nil
	}
	if slices.Contains(files, "-") {
		return errors.New("--otlp reads the run file once more, and standard input can be read only once")
	}
	f.target, err = export.NewTarget(f.endpoint, os.Getenv)
	return err
}

func (f *otlpFlags) metrics(runs output.Runs) (*metric.Set, error) {
	if !f.send {
		return nil, nil
	}
	return output.Metrics(runs)
}

// deliver sends the metrics, if there are any, and says so.
func (f *otlpFlags) deliver(ctx context.Context, s *metric.Set) error {
	if s == nil {
		return nil
	}
	message, err := f.target.Send(ctx, s)
	if err != nil {
		return err
	}
	if message != "" {
		sayWarning("%s: %s", f.target, message)
	}
	say("sent %d metrics to %s", len(s.Families), f.target)
	return nil
}
