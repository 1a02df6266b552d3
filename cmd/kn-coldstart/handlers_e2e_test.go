//go:build e2e

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TestHandlers brings container runtimes to a node that is up: good ones, slow ones and
// broken ones. It does not run beside others, which would notice that pods start later
// while containerd is started again.
func TestHandlers(t *testing.T) {
	odd := buildOddrunc(t)
	t.Run("refused", func(t *testing.T) { testRefusedHandlers(t, odd) })
	t.Run("nothing else notices", func(t *testing.T) { testOthersGoOn(t, odd) })
	t.Run("what they cost", func(t *testing.T) { testHandlerCosts(t, odd) })
	t.Run("README.md", testReadme)
	t.Run("ab finds a delay", func(t *testing.T) { testDelayIsFound(t, odd) })
	for _, c := range []struct{ name, create, says string }{
		{"exits", "exit", "oddrunc: this runtime creates nothing"},
		{"architecture", "exec=" + foreignProgram(t), "exec format error"},
		{"hangs", "hang", "the pod was scheduled, and the container runtime did not create its sandbox"},
	} {
		t.Run(c.name, func(t *testing.T) { testBrokenHandler(t, odd.with(c.create).as("odd-"+c.name), c.says) })
	}
	if r, _ := single(t, "--runtime-class", "runc", "--iterations", "1", "--services-per-class", "1", "--client-timeout", "20s"); r.code != exitOK {
		t.Errorf("runc after all that: %s", r)
	}
	wantNothingLeft(t)
}

// oddrunc is a handler that testdata/e2e/oddrunc makes of the node's runc.
type oddrunc struct{ program, create string }

func buildOddrunc(t *testing.T) oddrunc {
	t.Helper()
	return oddrunc{program: buildTestdata(t, "oddrunc")}
}

// buildTestdata builds a program of testdata/e2e.
func buildTestdata(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	cmd := exec.Command("go", "build", "-o", program, "./testdata/e2e/"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

func (o oddrunc) with(create string) oddrunc { return oddrunc{o.program, create} }

// as is the handler as add-handler takes it.
func (o oddrunc) as(name string) string {
	real, _ := filepath.Abs(filepath.Join(build, "node", "bin", "runc")) // fails without a current folder only
	text := name + "=" + o.program + ",env=ODDRUNC_REAL=" + real
	if o.create != "" {
		text += ",env=ODDRUNC_CREATE=" + o.create
	}
	return text
}

// addHandler adds a handler, and returns its name.
func addHandler(t *testing.T, text string) string {
	t.Helper()
	began := time.Now()
	name, _, _ := strings.Cut(text, "=")
	r := kn(t, "cluster", "add-handler", text)
	if r.code != exitOK || !strings.HasPrefix(r.stdout, "RuntimeClass "+name+": version ") || !strings.Contains(r.stdout, "program=sha256:") {
		t.Fatalf("add handler %s: %s", text, r)
	}
	t.Logf("added %s in %.1fs", name, time.Since(began).Seconds())
	return name
}

func removeHandler(t *testing.T, name string) {
	t.Helper()
	began := time.Now()
	if r := kn(t, "cluster", "remove-handler", name); r.code != exitOK {
		t.Errorf("remove handler %s: %s", name, r)
	} else {
		t.Logf("in %.1fs: %s", time.Since(began).Seconds(), r.stderr)
	}
	_, err := client(t).Kubernetes.NodeV1().RuntimeClasses().Get(t.Context(), name, metav1.GetOptions{})
	if err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("the RuntimeClass %s is still there: %v", name, err)
	}
	if left, _ := filepath.Glob("/proc/[0-9]*/exe"); left != nil {
		for _, link := range left {
			if program, _ := os.Readlink(link); strings.HasPrefix(program, filepath.Join(nodeStateDir, "handlers", name)+"/") {
				t.Errorf("still runs: %s %s", link, program)
			}
		}
	}
}

// testRefusedHandlers changes nothing, and says why.
func testRefusedHandlers(t *testing.T, odd oddrunc) {
	before := status(t, "containerd")
	for _, c := range []struct {
		name, binary, more string
		code               int
		says               string
	}{
		{"no-such-file", "/nosuch/runc", "", exitUsage, "there is no file /nosuch/runc"},
		{"runc", odd.program, "", exitUsage, "runc is a handler of the node itself"},
		{"unknown-key", odd.program, ",colour=red", exitUsage, `unknown key "colour"`},
		{"exits", script(t, "echo no configuration >&2; exit 1"), "", exitFailed, "it ended with exit status 1, and said: no configuration"},
		{"hangs", script(t, "sleep 60"), "", exitFailed, "did not end within 10s"},
		{"architecture", foreignProgram(t), "", exitFailed, "exec format error: it is for another processor: it is for EM_S390"},
		{"snapshotter", odd.program, strings.TrimPrefix(odd.as("")+",snapshotter=nosuch", "="+odd.program), exitFailed, "containerd has no snapshotter nosuch; it has "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := kn(t, "cluster", "add-handler", c.name+"="+c.binary+c.more)
			t.Log(r.stderr)
			if r.code != c.code || !strings.Contains(errorLines(r.stderr), c.says) {
				t.Errorf("exit code %d, want %d and %q", r.code, c.code, c.says)
			}
		})
	}
	if after := status(t, "containerd"); after != before {
		t.Errorf("containerd was %+v, is %+v", before, after)
	}
}

func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "runtime")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// foreignProgram begins as a program for a mainframe does.
func foreignProgram(t *testing.T) string {
	t.Helper()
	const header = "\x7fELF\x02\x02\x01" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x02\x00\x16\x00\x00\x00\x01"
	path := filepath.Join(t.TempDir(), "foreign")
	if err := os.WriteFile(path, append([]byte(header), make([]byte, 64)...), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// testOthersGoOn adds and removes handlers while pods run. No pod is restarted, and the
// node is Ready all the time.
func testOthersGoOn(t *testing.T, odd oddrunc) {
	before := nodeAndPods(t)
	defer removeHandler(t, addHandler(t, odd.as("odd-a")+",overhead-memory=8Mi"))
	addHandler(t, odd.as("odd-b"))
	if r := kn(t, "cluster", "add-handler", odd.as("odd-b")); r.code != exitFailed || !strings.Contains(r.stderr, "the node has a handler odd-b already") {
		t.Errorf("added twice: %s", r)
	}
	r := kn(t, "cluster", "status", "-o", "json")
	var node struct {
		UserHandlers []struct{ Name, Version, Checksums string }
	}
	if err := json.Unmarshal([]byte(r.stdout), &node); err != nil || len(node.UserHandlers) != 2 || !strings.HasPrefix(node.UserHandlers[0].Checksums, "program=sha256:") {
		t.Errorf("%v: %s", err, r)
	}
	class, err := client(t).Kubernetes.NodeV1().RuntimeClasses().Get(t.Context(), "odd-a", metav1.GetOptions{})
	if err != nil || class.Overhead == nil || class.Overhead.PodFixed.Memory().Value() != 8<<20 {
		t.Errorf("%v: %+v", err, class)
	}
	removeHandler(t, "odd-b")
	if diff := cmp.Diff(before, nodeAndPods(t)); diff != "" {
		t.Errorf("not as before: %s", diff)
	}
	defer removeHandler(t, addHandler(t, odd.as("odd-b"))) // what was removed can come again
	if c := status(t, "containerd"); !c.Healthy {
		t.Errorf("containerd: %+v", c)
	}
}

// nodeAndPods says since when the node is as Ready as it is, and which containers run.
func nodeAndPods(t *testing.T) map[string]string {
	t.Helper()
	api := client(t).Kubernetes.CoreV1()
	nodes, err := api.Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, c := range nodes.Items[0].Status.Conditions {
		if c.Type == corev1.NodeReady {
			seen["node"] = string(c.Status) + " since " + c.LastTransitionTime.String()
		}
	}
	pods, err := api.Pods("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods.Items {
		if pod.DeletionTimestamp != nil {
			continue // an activator that another test had started again may end in these seconds
		}
		for _, c := range pod.Status.ContainerStatuses {
			seen[pod.Name+"/"+c.Name] = c.ContainerID
		}
	}
	if len(seen) < 4 {
		t.Fatalf("no pods: %v", seen)
	}
	return seen
}

// testDelayIsFound compares runc with a runc that is 300 ms late with each container. Below
// Kubernetes that is seen in every start. ('ab' finds 100 ms too where nothing else runs, and
// may not where the machine is busy with other things.)
func testDelayIsFound(t *testing.T, odd oddrunc) {
	defer removeHandler(t, addHandler(t, odd.as("runc-a")))
	defer removeHandler(t, addHandler(t, odd.with("delay=300ms").as("runc-late")))
	costs := measureCosts(t, exitOK, "runc-a", "runc-late", "--starts", "5")
	for _, c := range costs {
		checkStarts(t, c.InTurn, 5)
	}
	if late := time.Duration(slices.Min(costs[1].InTurn.StartNs)); late < 300*time.Millisecond {
		t.Errorf("a start took %s, although each is 300 ms late", late)
	}
	file := filepath.Join(t.TempDir(), "run.jsonl")
	r := kn(t, "ab", "--a", "runtime-class=runc-a", "--b", "runtime-class=runc-late", "--percentile", "50", "--max-blocks", "60",
		"--client-timeout", "20s", "--run-file", file)
	t.Log(r.stdout)
	if r.code != gate.ExitFail {
		t.Errorf("exit code %d, want %d\n%s", r.code, gate.ExitFail, r)
	}
	run, err := record.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	handlers := strings.Join(run.Header.Cluster.Handlers, "\n")
	for _, want := range []string{"runc-a=runc-a ", "runc-late=runc-late ", "program=sha256:", "env=ODDRUNC_CREATE=delay=300ms"} {
		if !strings.Contains(handlers, want) {
			t.Errorf("the fingerprint does not tell %q:\n%s", want, handlers)
		}
	}
	wantNothingLeft(t)
}

// testReadme runs what README.md says under "Try your runtime", with a copy of the node's
// runc, and few blocks.
func testReadme(t *testing.T) {
	program, err := os.ReadFile(filepath.Join(build, "node", "bin", "runc"))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(readme(t, "sh"), func(block string) bool { return strings.Contains(block, "add-handler") })
	if i < 0 {
		t.Fatal("README.md adds no handler")
	}
	commands := ownCommands(readme(t, "sh")[i])
	kn, err := filepath.Abs(filepath.Join(build, "kn-coldstart"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("runc-pr", program, 0o755); err != nil {
		t.Fatal(err)
	}
	codes := []int{}
	for _, args := range commands {
		if args[0] == "ab" {
			args = append(args, "--max-blocks", "3", "--client-timeout", "20s")
		}
		out, err := exec.Command(kn, args...).CombinedOutput()
		t.Logf("%v: %v\n%s", args, err, out)
		code := 0
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			code = exit.ExitCode()
		}
		codes = append(codes, code)
	}
	if want := []int{exitOK, gate.ExitInconclusive, exitOK}; !slices.Equal(codes, want) {
		t.Errorf("exit codes %v, want %v", codes, want)
	}
}

// testBrokenHandler has a run on a handler that creates no container, and removes the
// handler under the run.
func testBrokenHandler(t *testing.T, text, says string) {
	name := addHandler(t, text)
	f := startFaulty(t, "--runtime-class", name, "--iterations", "1", "--services-per-class", "1", "--client-timeout", "8s")
	awaitSamples(t, f.file, 1)
	removeHandler(t, name)
	if err := f.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r := finish(t, f.cmd)
	t.Log(r.stderr)
	if r.code == exitOK || !strings.Contains(r.stderr, says) {
		t.Errorf("exit code %d, and it does not say %q", r.code, says)
	}
	wantNothingLeft(t)
}
