package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// Why a pod cannot do what a flag asks for.
const (
	inNamespace = "runs are in the namespace of the CronJob"
	inCluster   = "the pod measures the cluster that it is in"
	ownRunFile  = "each run has a file of its own in the folder results of the volume"
	noFiles     = "the pod has none of your files"
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

// readCommand reads a command line of this program, without running it, and returns its
// flags. It has to be one that writes a run file, and that a pod can run.
func readCommand(args []string) (*pflag.FlagSet, error) {
	if len(args) == 0 {
		return nil, withHint(errors.New("the command to run is missing"), "put it after --, such as: -- single --image IMAGE")
	}
	cmd, rest, err := newRoot().Find(args)
	if err == nil && cmd.Flags().Lookup("run-file") == nil {
		err = fmt.Errorf("%q measures nothing", args[0])
	}
	if err == nil {
		err = errors.Join(cmd.ParseFlags(rest), cmd.ValidateArgs(cmd.Flags().Args()))
	}
	if errors.Is(err, pflag.ErrHelp) { // which would show the help, and be no error
		err = errors.New("--help measures nothing")
	}
	if err == nil {
		err = refuseImpossible(cmd.Flags())
	}
	if err != nil {
		return nil, fmt.Errorf("read the command to run: %w", err)
	}
	return cmd.Flags(), nil
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

// asksForTraces says whether a command with the flags switches Knative's tracing on.
func asksForTraces(flags *pflag.FlagSet) (bool, error) {
	if flags.Lookup("traces") == nil {
		return false, nil
	}
	on, err := flags.GetBool("traces")
	if err != nil {
		return false, err
	}
	address, err := flags.GetString("traces-address")
	t := experiment.Traces{On: on, Address: address}
	chooseTraces(flags, &t, false)
	return t.On, err
}
