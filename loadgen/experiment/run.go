package experiment

import (
	"context"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Experiment is what Run runs: *Single, *Existing, *Scale, *Limit, *Load, *LoadLimit, *Work
// or *AB.
type Experiment interface {
	// Validate says what is wrong with the options, as far as it can be known without
	// a cluster. Options that a command line has are named in an OptionError.
	Validate() error

	setup() *Setup
	// sides are the classes under test.
	sides() []record.Class
	// containers are what the containers under test ask for.
	containers() []record.ContainerResources
	// existing are the names of the services under test that exist already.
	existing() []string
	// native says that something also runs on this computer, outside of the cluster.
	native() bool
	// describe is the name of the command, and the shape of the run.
	describe() (command string, shape record.Shape)
	// adapt fills in the options that depend on the cluster.
	adapt(record.Survey)
	// settings are the options, for the record.
	settings() record.Settings
	patience() record.Patience
	// measure deploys the services and sends the requests.
	measure(context.Context, *session) error
}

// Result says where the record of a run is.
type Result struct {
	RunID string
	// RunFile is the path of the run file; "-" is standard output. It is empty where
	// the run ended before the file was created.
	RunFile string
	// Receipt says what was written to the run file.
	Receipt record.Receipt
}

// Run runs an experiment on a cluster and tells the observer, which may be nil, how
// it goes. Everything that was measured is in the run file when it returns, also
// when it fails; everything that was created in the cluster is removed, and every
// setting restored. When ctx ends, Run stops sending, cleans up, and returns the
// error of ctx.
func Run(ctx context.Context, c Cluster, e Experiment, o Observer) (Result, error) {
	if err := e.Validate(); err != nil {
		return Result{}, err
	}
	if o == nil {
		o = ObserverFunc(func(Notice) {})
	}
	s, err := open(ctx, c, e, o)
	if s == nil {
		return Result{}, err
	}
	if err == nil {
		err = s.measure(ctx, e)
	}
	err = s.close(ctx, err)
	return Result{RunID: s.header.RunID, RunFile: s.path, Receipt: s.writer.Receipt()}, err
}
