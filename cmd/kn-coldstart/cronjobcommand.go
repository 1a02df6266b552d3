package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Why a pod cannot do what a flag asks for.
const (
	inNamespace = "runs are in the namespace of the CronJob"
	inCluster   = "the pod measures the cluster that it is in"
	ownRunFile  = "each run has a file of its own in the folder results of the volume"
	noFiles     = "the pod has none of your files"
	ownPod      = "the run is in the pod of the CronJob already"
	ownImage    = "the image of kn-coldstart is named before --"
	ownAccount  = "the account that the run acts as is named before --, with --service-account"
	ownAddress  = "traces are reported to the pod, which has another address each night: --traces is enough"
	noPage      = "the page of a run is made where the run is, and that is a pod"
)

// impossible are the flags that cannot work in the pod of a CronJob, if one of their values
// matches, and why.
var impossible = []struct {
	flag   string
	values *regexp.Regexp
	why    string
}{
	{"namespace", anyValue, inNamespace},
	{"kubeconfig", anyValue, inCluster},
	{"context", anyValue, inCluster},
	{"in-cluster", anyValue, ownPod},
	{"tool-node-selector", anyValue, ownPod},
	{"tool-image", anyValue, ownImage},
	{"tool-service-account", anyValue, ownAccount},
	{"traces-address", anyValue, ownAddress},
	{"live", anyValue, noPage},
	{"run-file", anyValue, ownRunFile},
	{"filename", anyValue, noFiles},
	{"body", anyValue, noFiles},
	{"ca-file", anyValue, noFiles},
	{"native", anyValue, noFiles},
	{"for", regexp.MustCompile(`^[^:]*:body=`), noFiles},
	{"rate", regexp.MustCompile(`^replay:`), noFiles},
	{"a", isNoSetting, noFiles},
	{"b", isNoSetting, noFiles},
}

var (
	anyValue = regexp.MustCompile(``)
	// isNoSetting matches a side of ab that is a file.
	isNoSetting = regexp.MustCompile(`^[^=]*$`)
)

// nightly is a command line for the pod of a CronJob.
type nightly struct {
	args []string
	// traces says that it switches Knative's tracing on, and workers that it leads workers.
	traces, workers bool
}

// readCommand reads a command line of this program, without running it. It has to be one
// that measures, and that a pod can run.
func readCommand(args []string) (nightly, error) {
	if len(args) == 0 {
		return nightly{}, withHint(errors.New("the command to run is missing"), "put it after --, such as: -- single --image IMAGE")
	}
	found, rest, err := newRoot().Find(args)
	if err == nil && experimentCommands[found.Name()] == nil {
		err = withHint(fmt.Errorf("%q is no experiment", args[0]), "use "+strings.Join(slices.Sorted(maps.Keys(experimentCommands)), ", "))
	}
	var n nightly
	if err == nil {
		n, err = checkCommand(found.Name(), rest)
	}
	if err != nil {
		return nightly{}, fmt.Errorf("read the command to run: %w", err)
	}
	return n, nil
}

// checkCommand has an experiment's own command check its command line, as one that was typed
// in the pod. What the environment of this computer says is not there, and is not read.
func checkCommand(name string, args []string) (nightly, error) {
	p := &part{dry: true}
	cmd := experimentCommands[name](p)
	registerGlobal(cmd.PersistentFlags())
	err := cmd.ParseFlags(args)
	if errors.Is(err, pflag.ErrHelp) { // which would show the help, and be no error
		return nightly{}, errors.New("--help measures nothing")
	}
	flags := cmd.Flags()
	if err := errors.Join(err, cmd.ValidateArgs(flags.Args())); err != nil {
		return nightly{}, err
	}
	if err := refuseImpossible(flags); err != nil {
		return nightly{}, err
	}
	traces, _ := flags.GetBool("traces") // only single has it
	if err := moveIntoPod(flags, traces); err != nil {
		return nightly{}, err
	}
	if err := cmd.RunE(cmd, nil); !errors.Is(err, errPlanned) {
		return nightly{}, err
	}
	if flags.ArgsLenAtDash() == 0 { // as there are no arguments, -- is last, and would end the flags of the pod
		args = args[:len(args)-1]
	}
	return nightly{append([]string{name}, args...), traces, experiment.WorkersOf(p.planned).Count > 0}, nil
}

// moveIntoPod sets what would have the check look at this computer: which cluster there is,
// and which folders.
func moveIntoPod(flags *pflag.FlagSet, traces bool) error {
	inPod := map[string]string{"kubeconfig": "that of the pod", "hlog": "", "junit": ""}
	if traces {
		inPod["traces-address"] = templates.PodTraces
	}
	for name, value := range inPod {
		if flags.Lookup(name) == nil {
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return err
		}
	}
	return nil
}

// refuseImpossible refuses the flags that cannot work in the pod of a CronJob.
func refuseImpossible(flags *pflag.FlagSet) error {
	for _, i := range impossible {
		if f := flags.Lookup(i.flag); f != nil && f.Changed && matchesOne(i.values, f.Value) {
			return withHint(fmt.Errorf("--%s %s: %s", f.Name, f.Value, i.why), "leave out --"+f.Name)
		}
	}
	return nil
}

// matchesOne says whether the value of a flag, or one of several, matches.
func matchesOne(pattern *regexp.Regexp, value pflag.Value) bool {
	several, ok := value.(pflag.SliceValue)
	if !ok {
		return pattern.MatchString(value.String())
	}
	for _, each := range several.GetSlice() {
		if pattern.MatchString(each) {
			return true
		}
	}
	return false
}
