package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// inFolder makes files in a folder of their own, and makes that the current one.
func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPodCommand(t *testing.T) {
	inFolder(t, map[string]string{"a/body": "1", "b/body": "2", "my service.yaml": "3", "trace.csv": "4"})
	runc := []record.Class{{Name: "runc", Image: "i:1"}}
	for name, c := range map[string]struct {
		line    []string
		classes []record.Class
		want    []string
		files   map[string]string
	}{
		"what is for this computer stays here": {
			[]string{"single", "-n", "bench", "--kubeconfig=k", "--in-cluster", "--tool-image", "t", "--run-file", "r", "-o", "json", "--hlog", "h", "--iterations", "3"},
			nil, []string{"single", "--iterations=3"}, nil,
		},
		"the pod says what is asked for": {
			[]string{"single", "--progress", "json", "--quiet", "--color", "always"}, nil, []string{"single", "--progress=json"}, nil,
		},
		"classes have their images": {
			[]string{"scale", "--runtime-class", "runc", "--services", "1,2", "--image", "i:1"},
			runc, []string{"scale", "--services=1,2", "--runtime-class=runc=i:1"}, nil,
		},
		"values are as they were": {
			[]string{"single", "--env", "A=b,c", "--env", "D=", "--header", "X: $(y)", "--with-pull", "--service", "shop"},
			nil, []string{"single", "--env=A=b,c", "--env=D=", "--header=X: $(y)", "--with-pull=true", "--service=shop"}, nil,
		},
		"files are taken along": {
			[]string{"single", "-f", "my service.yaml", "--body", "a/body", "--for", "runc:body=b/body", "--for", "runc:header=a:body=b", "--ca-file=trace.csv"},
			nil, []string{"single", "--filename=my_service.yaml", "--body=body", "--for=runc:body=2-body", "--for=runc:header=a:body=b", "--ca-file=trace.csv"},
			map[string]string{"my_service.yaml": "3", "body": "1", "2-body": "2", "trace.csv": "4"},
		},
		"workers are led from the pod": {
			[]string{"scale", "--workers", "2", "--worker-image", "w", "--worker-node-selector", "pool=load", "--worker-node-selector", "zone=a"},
			nil, []string{"scale", "--workers=2", "--worker-image=w", "--worker-node-selector=pool=load", "--worker-node-selector=zone=a"}, nil,
		},
		"a replay is taken along": {
			[]string{"load", "--rate", "replay:trace.csv"}, nil, []string{"load", "--rate=replay:trace.csv"}, map[string]string{"trace.csv": "4"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := newPodCommand(newRoot(), c.line, c.classes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, p.args); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
			files := map[string]string{}
			for file, text := range p.files {
				files[file] = string(text)
			}
			if c.files == nil {
				c.files = map[string]string{}
			}
			if diff := cmp.Diff(c.files, files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if err := understood(p.args); err != nil {
				t.Errorf("the pod does not understand it: %v", err)
			}
		})
	}
}

// Every flag of a run that says in its help that it is a file is one that is taken along,
// one that is for this computer, or one that is refused.
func TestFilesOfFlagsAreTakenAlong(t *testing.T) {
	inFolder(t, map[string]string{"f": "1"})
	found := 0
	everyCommand(newRoot(), func(cmd *cobra.Command) {
		if cmd.Flags().Lookup("in-cluster") == nil {
			return
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !strings.HasPrefix(f.Usage, "file ") && !strings.HasPrefix(f.Usage, "OCI archive") {
				return
			}
			found++
			p := &podCommand{files: map[string][]byte{}}
			if err := p.take(f, "f"); err == nil && len(p.args) > 0 && len(p.files) == 0 {
				t.Errorf("%s: the pod has no file for --%s", cmd.CommandPath(), f.Name)
			}
		})
	})
	if found < 15 {
		t.Errorf("only %d flags name files", found)
	}
}
