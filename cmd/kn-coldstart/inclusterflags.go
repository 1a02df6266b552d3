package main

import (
	"errors"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// inClusterFlags say whether a run takes place in a pod of the cluster, and in which one.
type inClusterFlags struct {
	on             bool
	image          string
	serviceAccount string
	nodeSelector   map[string]string
	// run is the id of the run in whose pod this is, and empty elsewhere.
	run string
}

// inPodFlag tells the program in the pod which run it is.
const inPodFlag = "in-pod-of-run"

func (f *inClusterFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.on, "in-cluster", false, "run in a pod of the cluster, and follow it from here; 'kn-coldstart attach' follows it once more if this\n"+
		"command is killed, or its terminal closed. Ctrl-C ends the run")
	flags.StringVar(&f.image, "tool-image", "", "image of kn-coldstart for --in-cluster (default: "+publishedImage+" of this version)")
	flags.StringVar(&f.serviceAccount, "tool-service-account", "", "service account that exists, which a run --in-cluster acts as (default: one that is made for it)")
	flags.Var((*pairs)(&f.nodeSelector), "tool-node-selector", "label of the nodes on which the pod of --in-cluster may run; repeatable")
	flags.StringVar(&f.run, inPodFlag, "", "")
	_ = flags.MarkHidden(inPodFlag) // it was just registered
}

func (f *inClusterFlags) validate() error {
	if !f.on && (f.image != "" || f.serviceAccount != "" || f.nodeSelector != nil) {
		return errors.New("--tool-image, --tool-service-account and --tool-node-selector are for --in-cluster")
	}
	if f.run != "" {
		return ksvc.ValidateRun(f.run)
	}
	return nil
}

// chooseTraces has traces be reported to the run's pod, whose address is not known yet.
func (f *inClusterFlags) chooseTraces(t *experiment.Traces) {
	if f.on && t.On && t.Address == "" {
		t.Address = templates.PodTraces
	}
}

// joinStreams has the log of a run's pod be one stream.
func (f *inClusterFlags) joinStreams() {
	if f.run != "" {
		joinStreams()
	}
}

// tellReceipt says what was written, in the pod of a run, for who follows its log.
func (f *inClusterFlags) tellReceipt(r experiment.Result) {
	if f.run != "" && r.RunFile != "" {
		sayMarked("", "", "%s", r.Receipt)
	}
}
