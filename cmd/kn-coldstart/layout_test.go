package main

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/kn-coldstart/kn-coldstart/"

// mayImport holds the direction of dependencies: for each folder at the top, the
// prefixes of our own packages that it may import. What it does not list may
// import nothing of ours.
var mayImport = map[string][]string{
	"cmd/kn-coldstart": {"cmd/kn-coldstart", "ksvc", "loadgen", "analysis", "templates"},
	"cmd/coldfn":       {},
	"cmd/workfn":       {"cmd/workfn"},
	"ksvc":             {"ksvc", "analysis/record", "templates"},
	"loadgen":          {"loadgen", "analysis/record", "templates"},
	"analysis":         {"analysis", "templates"},
	"analysis/record":  {},
	"scripts":          {},
	"templates":        {},
}

// onlyIn names the one folder that may import packages with a prefix.
var onlyIn = map[string]string{
	"k8s.io/":                "ksvc",
	"knative.dev/":           "ksvc",
	"github.com/spf13/cobra": "cmd/kn-coldstart",
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestDependenciesPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := longest(folder)
		if !known {
			t.Errorf("package %s is in no folder of the layout", folder)
			continue
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, module)
			if isOurs && !under(ours, allowed) {
				t.Errorf("%s imports %s", folder, ours)
			}
			for prefix, only := range onlyIn {
				if strings.HasPrefix(imported, prefix) && !under(folder, []string{only}) {
					t.Errorf("%s imports %s, which only %s may", folder, imported, only)
				}
			}
		}
	}
}

// longest finds the rule of the innermost folder that holds a package.
func longest(folder string) (allowed []string, known bool) {
	best := ""
	for rule := range mayImport {
		if under(folder, []string{rule}) && len(rule) > len(best) {
			best = rule
		}
	}
	return mayImport[best], best != ""
}

func under(folder string, parents []string) bool {
	for _, parent := range parents {
		if folder == parent || strings.HasPrefix(folder, parent+"/") {
			return true
		}
	}
	return false
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < len(mayImport) {
		t.Fatalf("found only %d packages", len(all))
	}
	return all
}
