package node

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// TestConfig renders every configuration file and reads the YAML back.
func TestConfig(t *testing.T) {
	l := Layout{State: t.TempDir(), Dist: "/dist"}
	b := boot{Layout: l}
	for _, name := range []string{"containerd.toml", "cni.conflist", "kubelet.yaml", "kube-proxy.yaml"} {
		t.Run(name, func(t *testing.T) {
			target := l.Config("sub/" + name)
			if err := b.writeConfig(name, target); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(target)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "<no value>") || strings.Contains(string(text), "{{") {
				t.Errorf("not filled in:\n%s", text)
			}
			var anything any
			if err := yaml.Unmarshal(text, &anything); err != nil && !strings.HasSuffix(name, ".toml") {
				t.Error(err)
			}
			if info, _ := os.Stat(target); info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v", info.Mode())
			}
		})
	}
}

func TestFollow(t *testing.T) {
	for _, c := range []struct {
		name, says string
		want       string
		steps      int
	}{
		{"ready", `{"kind":"started","step":"a"}` + "\n" + `{"kind":"done","step":"a"}` + "\n" + `{"kind":"ready"}` + "\n", "", 3},
		{"failed", `{"kind":"started","step":"a"}` + "\n" + `{"kind":"failed","detail":"etcd ended"}` + "\n", "etcd ended", 1},
		{"died", "", "last words", 0},
		{"garbage", "x\n", "read the node's progress", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := Layout{State: t.TempDir()}
			writeFile(t, filepath.Join(l.Logs(), "supervisor.log"), "last words\n")
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if _, err := w.WriteString(c.says); err != nil {
				t.Fatal(err)
			}
			w.Close()
			steps := 0
			err = l.follow(r, func(Progress) { steps++ })
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if steps != c.steps {
				t.Errorf("%d steps, want %d", steps, c.steps)
			}
		})
	}
}

func TestReporterStep(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	report := &reporter{out: w, start: time.Now()}
	cause := errors.New("no")
	err = report.step("boot", func() error { return cause })
	var step *StepError
	if !errors.As(err, &step) || step.Step != "boot" || !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

// TestInstance remembers this very process, and one that has ended.
func TestInstance(t *testing.T) {
	l := Layout{State: t.TempDir()}
	if running, err := l.Running(); err != nil || running != nil {
		t.Errorf("without a node: %v, %v", running, err)
	}
	if err := l.remember(os.Getpid()); err != nil {
		t.Fatal(err)
	}
	running, err := l.Running()
	if err != nil || running == nil || running.PID != os.Getpid() {
		t.Errorf("running %+v, %v", running, err)
	}
	other := `{"pid":` + strconv.Itoa(os.Getpid()) + `,"startTime":"1"}`
	writeFile(t, l.instanceFile(), other)
	if running, err := l.Running(); err != nil || running != nil {
		t.Errorf("another process of the same number: %+v, %v", running, err)
	}
}

func TestEnd(t *testing.T) {
	cmd, err := os.StartProcess("/bin/sleep", []string{"sleep", "60"}, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = cmd.Wait() }()
	start, err := startTime(cmd.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Instance{PID: cmd.Pid, StartTime: start}).end(10 * time.Second); err != nil {
		t.Error(err)
	}
	if now, err := startTime(cmd.Pid); err == nil && now == start && syscall.Kill(cmd.Pid, 0) == nil {
		t.Error("it still runs")
	}
}

func TestSandboxProcesses(t *testing.T) {
	processes, err := sandboxProcesses(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if len(processes) == 0 || processes[0].pid != os.Getpid() || processes[0].memory == 0 {
		t.Errorf("got %+v", processes)
	}
	if _, err := sandboxProcesses(1 << 30); err == nil {
		t.Error("a process that is not there has a sandbox")
	}
}

func TestLocate(t *testing.T) {
	processes := []hostProcess{{pid: 101, inner: 7, name: "kube", memory: 1}, {pid: 102, inner: 8, name: "activator", memory: 2}}
	for _, c := range []struct {
		name string
		ask  innerStatus
		want int
	}{
		{"a program, by its number", innerStatus{ComponentStatus{Name: "kubelet"}, 7}, 101},
		{"a pod, by its program", innerStatus{ComponentStatus{Name: "activator"}, 0}, 102},
		{"a pod that is not there", innerStatus{ComponentStatus{Name: "webhook"}, 0}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := locate(c.ask, processes).PID; got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestHandlers(t *testing.T) {
	l := Layout{Dist: t.TempDir()}
	if diff := cmp.Diff([]string{"runc"}, l.Handlers()); diff != "" {
		t.Error(diff)
	}
	writeFile(t, l.Crun(), "")
	writeFile(t, l.Bin("runsc"), "")
	writeFile(t, l.Bin("containerd-shim-runsc-v1"), "")
	if diff := cmp.Diff([]string{"runc", "crun", "gvisor"}, l.Handlers()); diff != "" {
		t.Error(diff)
	}
}

func TestParseVersion(t *testing.T) {
	for _, c := range []struct{ said, want string }{
		{"runc version 1.5.2\nspec: 1.3.0\n", "1.5.2"},
		{"runsc version release-20260101.0", "release-20260101.0"},
		{"something else\n", ""},
	} {
		if got := parseVersion(c.said); got != c.want {
			t.Errorf("%q: got %q, want %q", c.said, got, c.want)
		}
	}
}

func TestLogFiles(t *testing.T) {
	l := Layout{State: t.TempDir()}
	writeFile(t, filepath.Join(l.Logs(), "kubelet.log"), "")
	writeFile(t, filepath.Join(l.PodLogs(), "knative-serving_activator-1-2_uid/activator/0.log"), "")
	for _, c := range []struct {
		component, file, fails string
	}{
		{"kubelet", "kubelet.log", ""},
		{"activator", "0.log", ""},
		{"webhook", "", "is the node up"},
		{"nosuch", "", "the components are"},
		{"../pki/sa", "", "the components are"},
	} {
		t.Run(c.component, func(t *testing.T) {
			files, err := l.LogFiles(c.component)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("error %v, want %q", err, c.fails)
				}
				return
			}
			if err != nil || len(files) != 1 || filepath.Base(files[0]) != c.file {
				t.Errorf("got %v, %v", files, err)
			}
		})
	}
}

// TestPreflightFindings checks that each problem says what to do.
func TestPreflightFindings(t *testing.T) {
	findings := checkBuild(Layout{Dist: t.TempDir()})
	fatal, warnings := 0, 0
	for _, f := range findings {
		if f.Problem == "" || f.Hint == "" {
			t.Errorf("incomplete finding %+v", f)
		}
		if f.Fatal {
			fatal++
		} else {
			warnings++
		}
	}
	if fatal == 0 || warnings != 2 {
		t.Errorf("%d fatal, %d warnings: crun and gVisor alone may be missing", fatal, warnings)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
