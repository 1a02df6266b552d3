package main

import (
	"math/rand/v2"

	"github.com/spf13/pflag"
)

// runFlags are the options of every command that measures: on which cluster, in
// which order, and into which file.
type runFlags struct {
	cluster clusterFlags
	seed    uint64
	runFile string
}

// register registers the flags; ordered is what the seed brings into an order.
func (f *runFlags) register(flags *pflag.FlagSet, ordered string) {
	f.cluster.register(flags)
	f.cluster.registerIngress(flags)
	flags.Uint64Var(&f.seed, "seed", 0, "seed of the order of "+ordered+" (default: random)")
	flags.StringVar(&f.runFile, "run-file", "", "file for the record of the run, - for standard output where that is free (default results/RUN.jsonl)")
}

// chooseSeed draws a seed if none was given.
func (f *runFlags) chooseSeed(flags *pflag.FlagSet) {
	if !flags.Changed("seed") {
		f.seed = rand.Uint64()
	}
}
