package scripts

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// action is the action of this repository, as far as it is run here.
type action struct {
	Inputs map[string]struct {
		Description, Default string
		Required             bool
	}
	Runs struct {
		Using string
		Steps []step
	}
}

type step struct {
	Name  string            `yaml:"name,omitempty"`
	ID    string            `yaml:"id,omitempty"`
	If    string            `yaml:"if,omitempty"`
	Uses  string            `yaml:"uses,omitempty"`
	Shell string            `yaml:"shell,omitempty"`
	Env   map[string]string `yaml:"env,omitempty"`
	With  map[string]any    `yaml:"with,omitempty"`
	Run   string            `yaml:"run,omitempty"`
}

func readAction(t *testing.T) action {
	t.Helper()
	text, err := os.ReadFile("../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var a action
	if err := yaml.Unmarshal(text, &a); err != nil || a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
		t.Fatalf("action.yml is no composite action: %v", err)
	}
	return a
}

// actionlint reads a workflow, and returns what it finds.
func actionlint(t *testing.T, workflow []byte) string {
	t.Helper()
	cmd := exec.Command("go", "-C", "package", "tool", "actionlint", "-no-color", "-shellcheck=", "-pyflakes=", "-")
	cmd.Stdin = strings.NewReader(string(workflow))
	var errors bytes.Buffer // go also writes to it what it downloads
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Fatalf("%v: %s", err, errors.String())
	}
	return string(out)
}

// workflowOf is a workflow that has the action's inputs and steps. actionlint reads
// workflows alone; what it knows of their steps holds for these.
func workflowOf(t *testing.T, a action) []byte {
	t.Helper()
	inputs := map[string]any{}
	for name := range a.Inputs {
		inputs[name] = map[string]any{"type": "string"}
	}
	text, err := yaml.Marshal(map[string]any{
		"on":   map[string]any{"workflow_call": map[string]any{"inputs": inputs}},
		"jobs": map[string]any{"action": map[string]any{"runs-on": "ubuntu-latest", "steps": a.Runs.Steps}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// readmeWorkflow is the whole workflow that the README shows.
func readmeWorkflow(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := bytes.Cut(text, []byte("\n```yaml\n"))
	if !found {
		t.Fatal("README.md has no workflow")
	}
	text, _, _ = bytes.Cut(text, []byte("```"))
	return text
}

func TestActionlint(t *testing.T) {
	a := readAction(t)
	if found := actionlint(t, workflowOf(t, a)); found != "" {
		t.Errorf("action.yml: %s", found)
	}
	workflows, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(workflows) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	for _, file := range workflows {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := actionlint(t, text); found != "" {
			t.Errorf("%s: %s", file, found)
		}
	}
	if found := actionlint(t, readmeWorkflow(t)); found != "" {
		t.Errorf("README.md: %s", found)
	}
	// It would find a step that is named wrongly.
	for i := range a.Runs.Steps {
		a.Runs.Steps[i].ID = ""
	}
	if found := actionlint(t, workflowOf(t, a)); !strings.Contains(found, `property "release" is not defined`) {
		t.Errorf("without the names of steps, actionlint says %q", found)
	}
}

// fakeProgram stands in for a program: it logs how it is called. A curl finds what is
// there, and kn-coldstart ends as VERDICT says. Its run files are root's until they are given
// away: before, it reports nothing. A node in /opt is never run: it would be a real one.
const fakeProgram = `#!/bin/sh
name=$(basename "$0")
[ "$name" = sudo ] || echo "$name $*" >>"$LOG"
case $name in
sudo)
    while :; do case $1 in --*) shift ;; *) break ;; esac; done
    case $1 in
    /opt/*) echo "$(basename "$1") $(shift; echo "$*")" >>"$LOG"; exit ;;
    chown) echo "sudo $*" >>"$LOG" ;;
    esac
    exec "$@" ;;
curl)
    [ -n "$RELEASED" ] || exit 22
    while [ "$1" != -o ]; do shift; done
    case $2 in SHA256SUMS) printf 'node' | sha256sum | sed "s/-$/$RELEASED/" >"$2" ;; *) printf "$CONTENT" >"$2" ;; esac ;;
kn-coldstart)
    umask 077
    for argument; do case $argument in *.jsonl) [ "$1" = report ] || : >"$argument" ;; esac; done
    case $1 in
    ab | gate) exit "$VERDICT" ;;
    report) grep -q '^sudo chown' "$LOG" && echo "<html>" ;;
    esac ;;
esac
`

// runner stands in for a runner of GitHub's.
type runner struct {
	t       *testing.T
	folder  string
	inputs  map[string]string
	outputs map[string]map[string]string
	env     []string
	log     string
	uses    []string
	printed strings.Builder
	failed  bool
}

// runAction runs the steps of the action as they stand, with fake programs. It returns how
// these were called.
func runAction(t *testing.T, inputs map[string]string, env ...string) *runner {
	t.Helper()
	a := readAction(t)
	folder := t.TempDir()
	r := &runner{t: t, folder: folder, inputs: map[string]string{}, outputs: map[string]map[string]string{}, log: filepath.Join(folder, "log")}
	for name, input := range a.Inputs {
		r.inputs[name] = input.Default
	}
	for name, value := range inputs {
		if _, ok := a.Inputs[name]; !ok {
			t.Fatalf("the action has no input %s", name)
		}
		r.inputs[name] = value
	}
	bin := filepath.Join(folder, "bin")
	for _, name := range []string{"bin/sudo", "bin/curl", "bin/modprobe", "bin/make", "bin/tar",
		"sources/scripts/install-prerequisites", "sources/scripts/build-node", "sources/build/kn-coldstart"} {
		r.put(name, fakeProgram)
	}
	r.put("log", "")
	r.put("sources/go.sum", "sums")
	r.put("work/fn", "program")
	r.env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "LOG="+r.log, "RUNNER_TEMP="+folder, "VERDICT=0", "RELEASED=", "CONTENT=node")
	r.env = append(r.env, env...)
	for _, s := range a.Runs.Steps {
		r.step(s)
	}
	return r
}

func (r *runner) put(name, text string) { putScript(r.t, filepath.Join(r.folder, name), text) }

// step runs a step, unless its condition says otherwise.
func (r *runner) step(s step) {
	if !r.holds(s.If) {
		return
	}
	if s.Uses != "" {
		r.uses = append(r.uses, s.Uses)
		return
	}
	output := filepath.Join(r.folder, "output-"+s.ID)
	r.put("output-"+s.ID, "")
	script := filepath.Join(r.folder, "script")
	r.put("script", s.Run)
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", script)
	cmd.Dir = filepath.Join(r.folder, "work")
	cmd.Env = append(slices.Clone(r.env), "GITHUB_OUTPUT="+output)
	for name, value := range s.Env {
		cmd.Env = append(cmd.Env, name+"="+r.expand(value))
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Logf("%s: %v: %s", s.Name, err, out)
		r.failed = true
	}
	r.printed.Write(out)
	r.readOutputs(s.ID, output)
}

func (r *runner) readOutputs(id, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		r.t.Fatal(err)
	}
	r.outputs[id] = map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		r.outputs[id][name] = value
	}
}

var expression = regexp.MustCompile(`\$\{\{ (.*?) \}\}`)

// expand puts the values of expressions into a text.
func (r *runner) expand(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		for alternative := range strings.SplitSeq(expression.FindStringSubmatch(e)[1], " || ") {
			if value := r.value(alternative); value != "" {
				return value
			}
		}
		return ""
	})
}

// value is what a name in an expression stands for.
func (r *runner) value(name string) string {
	parts := strings.Split(name, ".")
	switch {
	case len(parts) == 2 && parts[0] == "inputs":
		return r.inputs[parts[1]]
	case len(parts) == 4 && parts[0] == "steps" && parts[2] == "outputs":
		return r.outputs[parts[1]][parts[3]]
	case name == "github.action_path":
		return filepath.Join(r.folder, "sources")
	case name == "github.action_ref":
		return "v1.2.3"
	}
	r.t.Fatalf("it is not known here what %s is", name)
	return ""
}

// holds says whether a step with the condition runs.
func (r *runner) holds(condition string) bool {
	condition = strings.TrimSuffix(strings.TrimPrefix(condition, "${{ "), " }}")
	switch condition {
	case "":
		return !r.failed
	case "always()", "!cancelled()":
		return true
	}
	if r.failed {
		return false
	}
	for each := range strings.SplitSeq(condition, " && ") {
		parts := strings.Fields(each)
		if len(parts) != 3 {
			r.t.Fatalf("it is not known here what %s is", each)
		}
		if equal := r.value(parts[0]) == strings.Trim(parts[2], "'"); equal != (parts[1] == "==") {
			return false
		}
	}
	return true
}

// calls are the calls of a program, without the folder of this test.
func (r *runner) calls(program string) []string {
	text, err := os.ReadFile(r.log)
	if err != nil {
		r.t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		if name, args, _ := strings.Cut(strings.TrimSpace(line), " "); name == program {
			list = append(list, strings.ReplaceAll(args, r.folder, ""))
		}
	}
	return list
}

func (r *runner) want(program string, calls ...string) {
	r.t.Helper()
	if got := r.calls(program); !slices.Equal(got, calls) {
		r.t.Errorf("%s was called with\n%s\nwant\n%s", program, strings.Join(got, "\n"), strings.Join(calls, "\n"))
	}
}

const upload = "actions/upload-artifact@v7"

// Without a release the node is built and kept; a comparison judges each class, and the
// node is taken down in any case.
func TestActionComparesWithABaseline(t *testing.T) {
	for _, verdict := range []int{0, 3} {
		r := runAction(t, map[string]string{"image": "fn", "baseline-image": "old fn", "runtime-classes": "runc,gvisor", "arguments": "--percentile 50"}, fmt.Sprint("VERDICT=", verdict))
		if r.failed != (verdict != 0) {
			t.Errorf("verdict %d: the action failed: %v", verdict, r.failed)
		}
		r.want("install-prerequisites", "build", "run")
		r.want("make", "build")
		r.want("build-node", "")
		ab := func(class string) string {
			return "ab --runtime-class " + class + " --a image=dev.local/function:baseline --b image=dev.local/function:new" +
				" --budget 30m --inconclusive pass --run-file cold-start/" + class + ".jsonl --percentile 50"
		}
		r.want("kn-coldstart", "cluster up", "cluster load-image fn --name dev.local/function:new",
			"cluster load-image old fn --name dev.local/function:baseline", ab("runc"), ab("gvisor"),
			"report -o html cold-start/gvisor.jsonl", "report -o html cold-start/runc.jsonl", "cluster down")
		r.want("sudo", fmt.Sprintf("chown -R %d:%d cold-start", os.Getuid(), os.Getgid()))
		if want := []string{"actions/setup-go@v7", "actions/cache/restore@v5", "actions/cache/save@v5", upload}; !slices.Equal(r.uses, want) {
			t.Errorf("it uses %q, want %q", r.uses, want)
		}
		if text, err := os.ReadFile(filepath.Join(r.folder, "work/cold-start/runc.html")); err != nil || string(text) != "<html>\n" {
			t.Errorf("report: %q, %v", text, err)
		}
	}
}

func TestActionJudgesThresholds(t *testing.T) {
	r := runAction(t, map[string]string{"image": "fn", "thresholds": "p(95)<2s\n\ngvisor: failed<1%\n", "runtime-classes": "runc,gvisor", "inconclusive": "fail"})
	r.want("kn-coldstart", "cluster up", "cluster load-image fn --name dev.local/function:new",
		"single --runtime-class runc,gvisor --image dev.local/function:new --iterations 60 --run-file cold-start/run.jsonl",
		"gate cold-start/run.jsonl --inconclusive fail --slo p(95)<2s --slo gvisor: failed<1%",
		"report -o html cold-start/run.jsonl", "cluster down")
	if r.failed {
		t.Error("it failed")
	}
}

// What makes no sense is refused before anything is fetched or built.
func TestActionRefuses(t *testing.T) {
	for want, inputs := range map[string]map[string]string{
		"::error::thresholds cannot be combined with baseline-image": {"image": "fn", "baseline-image": "fn", "thresholds": "p(95)<2s"},
		"::error::version v9.9.9: there is no such release":          {"image": "fn", "version": "v9.9.9"},
	} {
		r := runAction(t, inputs)
		if !r.failed || !strings.Contains(r.printed.String(), want) {
			t.Errorf("it failed: %v, with %s\nwant %s", r.failed, &r.printed, want)
		}
		r.want("kn-coldstart")
		r.want("install-prerequisites")
		r.want("build-node")
		if !slices.Equal(r.uses, []string{upload}) {
			t.Errorf("it uses %q", r.uses)
		}
	}
}

// The node of a release is used if its checksum is right, and nothing is built then.
func TestActionTakesTheRelease(t *testing.T) {
	if err := exec.Command("sh", "-c", `[ "$(uname -sm)" = "Linux x86_64" ]`).Run(); err != nil {
		t.Skip("there are releases of the node for Linux on amd64 alone")
	}
	const archive = "kn-coldstart-node_1.2.3_linux_amd64.tar.gz"
	r := runAction(t, map[string]string{"image": "fn"}, "RELEASED="+archive)
	if got := r.outputs["release"]["folder"]; got != "/opt/kn-coldstart" {
		t.Errorf("the node is in %q", got)
	}
	r.want("tar", "-xzf "+archive+" -C /opt")
	r.want("make")
	r.want("install-prerequisites", "run")
	r.want("kn-coldstart", "cluster up", "cluster load-image fn --name dev.local/function:new",
		"single --runtime-class runc --image dev.local/function:new --iterations 60 --run-file cold-start/run.jsonl", "cluster down")
	if r.failed || !slices.Equal(r.uses, []string{upload}) {
		t.Errorf("it failed (%v), or uses %q", r.failed, r.uses)
	}
	r = runAction(t, map[string]string{"image": "fn", "version": "v1.0.0"}, "RELEASED="+strings.ReplaceAll(archive, "1.2.3", "1.0.0"))
	r.want("tar", "-xzf kn-coldstart-node_1.0.0_linux_amd64.tar.gz -C /opt")
	r = runAction(t, map[string]string{"image": "fn"}, "RELEASED="+archive, "CONTENT=something else")
	r.want("tar")
	r.want("make")
	if !r.failed {
		t.Error("an archive with another checksum was used")
	}
}
