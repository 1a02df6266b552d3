//go:build conformance

// Package conformance runs Knative's own conformance tests against the embedded node.
// scripts/conformance boots the node before.
package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/deploy"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
)

// envKubeconfig names the kubeconfig of the node.
const envKubeconfig = "KN_COLDSTART_E2E_KUBECONFIG"

// suites are the packages of tests, with the arguments that they need.
var suites = []suite{
	{"knative.dev/serving", "test/conformance/runtime", []string{"-disable-logstream"}},
	{"knative.dev/serving", "test/conformance/api/v1", []string{"-disable-logstream"}},
	{"knative.dev/networking", "test/conformance/ingress", []string{"-ingressClass", "traefik.ingress.networking.knative.dev"}},
}

// suite is a package of tests in a module of Knative. The module has images for its tests.
type suite struct {
	module, path string
	args         []string
}

func (s suite) String() string { return s.module + "/" + s.path }

// tag is the tag of a module's test images. Some images of two modules have the same name.
func (s suite) tag() string { return strings.TrimPrefix(s.module, "knative.dev/") }

// TestConformance runs the suites. A test that fails must be one of the exceptions, and
// an exception must fail: each says in the file exceptions why it does.
func TestConformance(t *testing.T) {
	kubeconfig := os.Getenv(envKubeconfig)
	if kubeconfig == "" {
		t.Fatalf("%s names no node: run scripts/conformance", envKubeconfig)
	}
	source := strings.TrimSpace(run(t, "go", "list", "-m", "-f", "{{.Dir}}", "knative.dev/serving"))
	loadImages(t)
	applyConfig(t, kubeconfig, filepath.Join(source, "test", "config"))
	known := exceptions(t)
	for _, suite := range suites {
		t.Run(suite.String(), func(t *testing.T) {
			results := runSuite(t, kubeconfig, suite)
			t.Logf("%d passed, %d failed, %d skipped", results.count("pass"), results.count("fail"), results.count("skip"))
			if results.count("pass") == 0 {
				t.Error("no test passed")
			}
			for test := range known {
				name, ours := strings.CutPrefix(test, suite.String()+" ")
				if _, ran := results[name]; ours && !ran {
					t.Errorf("%s is an exception, and there is no such test", name)
				}
			}
			for _, name := range slices.Sorted(maps.Keys(results)) {
				reason, excepted := known[suite.String()+" "+name]
				switch {
				case results[name] == "skip":
					t.Logf("%s was skipped by itself", name)
				case results[name] == "fail" && !excepted:
					t.Errorf("%s failed", name)
				case results[name] == "fail":
					t.Logf("%s failed as expected: %s", name, reason)
				case excepted:
					t.Errorf("%s passed, so it is no exception any more (%s)", name, reason)
				}
			}
		})
	}
}

// loadImages builds the programs of the test images of the suites' modules, and gives them
// to the node.
func loadImages(t *testing.T) {
	loaded := map[string]bool{}
	for _, suite := range suites {
		if loaded[suite.module] {
			continue
		}
		loaded[suite.module] = true
		folder := t.TempDir()
		paths := strings.Fields(run(t, "go", "list", "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`, suite.module+"/test/test_images/..."))
		run(t, "go", append([]string{"build", "-ldflags", "-s -w", "-o", folder}, paths...)...)
		for _, path := range paths {
			name := filepath.Base(path)
			run(t, "../../../build/knative-node", "load-image", filepath.Join(folder, name), "--name", image.Registry+"/"+name+":"+suite.tag())
		}
	}
}

// applyConfig creates the namespaces, and what the tests look for in them.
func applyConfig(t *testing.T, kubeconfig, folder string) {
	t.Helper()
	access, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := deploy.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	applier, err := deploy.NewApplier(access)
	if err == nil {
		err = applier.Apply(t.Context(), objects)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// outcomes has what became of each test: pass, fail or skip.
type outcomes map[string]string

func (o outcomes) count(outcome string) int {
	n := 0
	for _, each := range o {
		if each == outcome {
			n++
		}
	}
	return n
}

// runSuite runs the tests of one package to their end. What they print is in the log.
func runSuite(t *testing.T, kubeconfig string, s suite) outcomes {
	t.Helper()
	args := append([]string{"test", "-tags", "e2e", "-count", "1", "-timeout", "40m", "-json", s.String(),
		"-args", "-kubeconfig", kubeconfig, "-dockerrepo", image.Registry, "-tag", s.tag()}, s.args...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), "GATEWAY_OVERRIDE=public", "GATEWAY_NAMESPACE_OVERRIDE=traefik")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	results, err := readOutcomes(stdout)
	ended := cmd.Wait()
	if err != nil || len(results) == 0 || ended != nil && results.count("fail") == 0 {
		t.Fatalf("%d tests were run, and none failed: %v\n%s", len(results), errors.Join(err, ended), &stderr)
	}
	return results
}

// readOutcomes reads what 'go test -json' writes, and shows what the tests print. A test that
// began and did not end, because all were cut off, has failed.
func readOutcomes(r io.Reader) (outcomes, error) {
	results := outcomes{}
	for lines := json.NewDecoder(r); ; {
		var event struct{ Action, Test, Output string }
		err := lines.Decode(&event)
		if errors.Is(err, io.EOF) {
			return results, nil
		}
		if err != nil {
			return nil, err
		}
		fmt.Print(event.Output)
		switch {
		case event.Test == "":
		case event.Action == "run":
			results[event.Test] = "fail"
		case slices.Contains([]string{"pass", "fail", "skip"}, event.Action):
			results[event.Test] = event.Action
		}
	}
}

// exceptions reads the tests that are known to fail, with the reason of each.
func exceptions(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile("exceptions")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		test, reason, found := strings.Cut(line, ": ")
		if !found || len(strings.Fields(test)) != 2 {
			t.Fatalf("exceptions: %q is not SUITE TEST: REASON", line)
		}
		known[test] = reason
	}
	return known
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, exit.Stderr)
	}
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	return string(out)
}
