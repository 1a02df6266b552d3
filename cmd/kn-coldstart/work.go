package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
	"github.com/kn-coldstart/kn-coldstart/loadgen/native"
)

// workFlags are the options of work.
type workFlags struct {
	runFlags
	experiment experiment.Work
	native     string
	published  bool
	classes    classFlags
	output     outputFlags
}

const workHelp = `work runs the programs of the published studies in instances of each RuntimeClass, and says what a class costs once it
works. It creates one Knative Service for each class, of the image that 'make functions' builds of Debian's packages. In
each block every class has a turn, in a random order: an instance is started, runs one program after the other, and ends
before the next turn, so that no two instances are there at a time. The first block is discarded.

The programs, each bounded in time:

  redis            redis-benchmark with its default tests and clients against a redis-server of its own, which writes no
                   snapshots: --redis-requests for each command; requests a second
  7zip             7zz b -md18 -mtime=T, with all processors: compression, decompression and total; MIPS
  sysbench-cpu     sysbench cpu, prime numbers to 20000, one thread: events a second and latencies
  sysbench-memory  sysbench memory with its defaults: MiB/s
  sysbench-fileio  sysbench fileio, 64 MiB in 4 files in the image's /tmp: sequential read, write and rewrite; MiB/s

T is --program-time, which is also the time of each test of sysbench. What a program prints and is not understood is an
error that has the text; it is never a zero.

--native ARCHIVE also runs them outside of any container, as the base of comparison: the files of the image are unpacked
from its OCI archive into a temporary folder (see TMPDIR) of this computer, and the same program is started with that
folder as its root, as the image's user, with no namespace, cgroup or limit beyond those of kn-coldstart itself. This
takes root and a cluster whose one node is this computer, as the embedded node is; otherwise it is refused before
anything is created.

Meanwhile the memory of the instance's cgroup and of the node are read each 100 ms, where the node is this computer. The
report says by how much the node used more than natively, and its HTML page draws the course of it.`

func newWork() *cobra.Command { return workOf(nil) }

// workOf is work as a part of a scenario, or by itself.
func workOf(p *part) *cobra.Command {
	f := &workFlags{}
	f.part, f.output.part = p, p
	e := &f.experiment
	e.Service = experiment.Service{StableWindow: experiment.ShortestWindow, ClientTimeout: 4 * time.Minute}
	cmd := &cobra.Command{
		Use:   "work",
		Short: "Compare what programs do in an instance over RuntimeClasses, and natively",
		Long:  workHelp,
		Example: "  make functions && kn-coldstart cluster load-image build/functions/work.tar\n" +
			"  kn-coldstart work --runtime-class runc,crun,gvisor --native build/functions/work.tar\n" +
			"  kn-coldstart work --runtime-class runc,gvisor --programs redis,sysbench-cpu --iterations 5\n" +
			"  kn-coldstart work --runtime-class runc --native build/functions/work.tar --published --run-file work.jsonl\n" +
			"  kn-coldstart report -o html work.jsonl > work.html",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	f.runFlags.registerCluster(flags, &e.Setup, "the classes")
	f.classes.registerWith(flags, workImage)
	registerService(flags, &e.Service)
	refuseExisting(flags, "work creates its services, of the image that has the programs")
	f.output.registerFormat(flags)
	f.inCluster.register(flags)
	flags.IntVar(&e.Iterations, "iterations", 10, "blocks that are measured, after the first one")
	flags.StringSliceVar(&e.Programs, "programs", experiment.WorkPrograms, "programs that an instance runs, in this order")
	flags.IntVar(&e.RedisRequests, "redis-requests", 2000, "requests for each command of redis-benchmark")
	flags.DurationVar(&e.ProgramTime, "program-time", time.Second, "time of each step of 7zip, and of each test of sysbench, in whole seconds")
	flags.StringVar(&f.native, "native", "", "OCI archive of the image, to run the programs outside of any container, too")
	flags.BoolVar(&f.published, "published", false, "also show published figures of the classes")
	return cmd
}

func (f *workFlags) run(cmd *cobra.Command) (err error) {
	if err := f.prepare(cmd.Flags()); err != nil {
		return usage(err)
	}
	if f.native != "" {
		root, err := native.Open(f.native)
		if err != nil {
			return usage(withHint(err, "give the archive of the image that 'make functions' has built, as root; or leave out --native"))
		}
		defer func() { err = errors.Join(err, root.Remove()) }()
		f.experiment.Native = root
	}
	path, err := f.measure(cmd, &f.experiment, newWorkLog())
	return errors.Join(err, f.output.print(path))
}

func (f *workFlags) prepare(flags flagSet) (err error) {
	e := &f.experiment
	f.output.published = f.published
	if err := f.output.validate(e.RunFile); err != nil {
		return err
	}
	if e.Classes, err = f.classes.parse(f.cluster.locate()); err != nil {
		return withHint(err, "name your cluster's copy of the image that 'make functions' builds as work.tar with --image")
	}
	return f.complete(flags, e, &e.Setup)
}
