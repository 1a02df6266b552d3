package main

import (
	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// registerWorkers registers the flags of workers in the cluster.
func registerWorkers(flags *pflag.FlagSet, w *experiment.Workers) {
	flags.IntVar(&w.Count, "workers", 0, "pods in the cluster that send the requests, led by this command (default: it sends them itself)")
	flags.StringVar(&w.Image, "worker-image", "", "image of kn-coldstart for the workers (default: "+publishedImage+" of this version)")
	flags.Var((*pairs)(&w.NodeSelector), "worker-node-selector", "label of the nodes on which the workers may run, as NAME=VALUE; repeatable")
}

// completeWorkers fills in the image of the workers.
func completeWorkers(w *experiment.Workers) (err error) {
	if w.Count > 0 {
		w.Image, err = toolImage(w.Image, "worker-image")
	}
	return err
}
