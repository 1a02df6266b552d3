package main

import (
	"errors"

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
func completeWorkers(w *experiment.Workers) error {
	if w.Count <= 0 || w.Image != "" {
		return nil
	}
	image, err := ownImage("--worker-image")
	w.Image = image
	return err
}

// ownImage is the image of this version, if it is published; otherwise a flag has to name one.
func ownImage(flag string) (string, error) {
	version := tool().Version
	if !released.MatchString(version) {
		return "", withHint(errors.New("no image of kn-coldstart "+version+" is published"), "name the image of kn-coldstart with "+flag)
	}
	return publishedImage + ":" + version, nil
}
