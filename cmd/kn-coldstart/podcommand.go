package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// hereFlags are the flags that are for this computer, or that the pod's command is given
// with other values.
var hereFlags = []string{
	"in-cluster", "tool-image", "tool-service-account", "tool-node-selector", inPodFlag,
	"kubeconfig", "context", "namespace", "run-file", "output", "color", "quiet", "verbose", "phases", "timeline", "hlog", "published",
	"runtime-class", "image", "traces",
}

// refusedFlags are those that cannot work in the pod of a run, and why.
var refusedFlags = map[string]string{
	"native":         "--in-cluster runs in a pod, and natively means on this computer",
	"traces-address": "a run --in-cluster reports traces to its own pod",
	"until-failure":  "a search makes several runs, and --in-cluster follows one",
	"live":           "the page of a run is made where the run is, and --in-cluster that is a pod",
}

// podCommand is a command line of this program made into one for a pod: what is for this
// computer is left out, and files are taken along.
type podCommand struct {
	args  []string
	files map[string][]byte
}

// newPodCommand reads the command line args, and adds what the pod does not find out as this
// computer does: the classes with their images.
func newPodCommand(root *cobra.Command, args []string, classes []record.Class) (*podCommand, error) {
	cmd, rest, err := root.Find(args)
	if err != nil {
		return nil, err
	}
	p := &podCommand{args: []string{cmd.Name()}, files: map[string][]byte{}}
	if err := cmd.Flags().ParseAll(rest, p.take); err != nil {
		return nil, err
	}
	for _, class := range classes {
		p.args = append(p.args, "--runtime-class="+class.Name+"="+class.Image)
	}
	return p, nil
}

// take takes one flag of the command line.
func (p *podCommand) take(f *pflag.Flag, value string) error {
	if why, refused := refusedFlags[f.Name]; refused {
		return withHint(errors.New(why), "leave out --"+f.Name)
	}
	if slices.Contains(hereFlags, f.Name) {
		return nil
	}
	before, path := fileIn(f.Name, value)
	if path == "" {
		p.args = append(p.args, "--"+f.Name+"="+value)
		return nil
	}
	name, err := p.carry(path)
	if err != nil {
		return fmt.Errorf("--%s %s: %w", f.Name, value, err)
	}
	p.args = append(p.args, "--"+f.Name+"="+before+name)
	return nil
}

// fileIn is the path in the value of a flag that names a file, and what stands before it.
func fileIn(flag, value string) (before, path string) {
	switch flag {
	case "filename", "body", "ca-file":
		return "", value
	case "rate":
		if path, found := strings.CutPrefix(value, "replay:"); found {
			return "replay:", path
		}
	case "for":
		if class, path, found := strings.Cut(value, ":body="); found && !strings.Contains(class, "=") {
			return class + ":body=", path
		}
	}
	return "", ""
}

// carry takes a file along, and returns its name in the pod.
func (p *podCommand) carry(path string) (string, error) {
	if path == "-" {
		return "", withHint(errors.New("a pod has no standard input"), "write it into a file, and name that")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	name := plainName(filepath.Base(path))
	for n := 2; ; n++ {
		if _, taken := p.files[name]; !taken {
			break
		}
		name = fmt.Sprintf("%d-%s", n, plainName(filepath.Base(path)))
	}
	p.files[name] = text
	return name, nil
}

// plainName is a file's name as a ConfigMap takes it.
func plainName(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '_'
	}, name)
	return plain[max(0, len(plain)-200):]
}
