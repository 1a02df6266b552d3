//go:build e2e

package main

// The end-to-end tests drive the built programs against the real embedded node,
// which scripts/e2e boots before and removes after them. They assert what must
// hold on any machine, never a speed.
//
// Their client timeouts are short, because a pod ends no later than that after it
// has to: queue-proxy alone would serve on for half a minute.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// build is where make puts the programs.
const build = "../../build"

// result is what a program left.
type result struct {
	code           int
	stdout, stderr string
}

func (r result) String() string {
	return "stdout:\n" + r.stdout + "\nstderr:\n" + r.stderr
}

// kn runs kn-coldstart on the embedded node to its end.
func kn(t *testing.T, args ...string) result {
	t.Helper()
	return finish(t, start(t, args...))
}

func start(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(filepath.Join(build, "kn-coldstart"), args...)
	cmd.Stdout, cmd.Stderr = new(bytes.Buffer), new(bytes.Buffer)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func finish(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), cmd.Stdout.(*bytes.Buffer).String(), cmd.Stderr.(*bytes.Buffer).String()}
}

// single runs the single-instance experiment into a run file of its own.
func single(t *testing.T, args ...string) (result, *record.Run) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.jsonl")
	r := kn(t, append([]string{"single", "--run-file", file}, args...)...)
	run, err := record.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	return r, run
}

func client(t *testing.T) *ksvc.Client {
	t.Helper()
	client, err := ksvc.Connect(ksvc.Kubeconfig{Path: filepath.Join(nodeStateDir, "kubeconfig")})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// wantNothingLeft fails if anything of ours is in the cluster.
func wantNothingLeft(t *testing.T) {
	t.Helper()
	wantNothingLeftIn(t, metav1.NamespaceAll)
}

func wantNothingLeftIn(t *testing.T, space string) {
	t.Helper()
	wantNoneOf(t, space, ksvc.Selector())
}

// wantNoneOf fails if anything with some labels is in a namespace.
func wantNoneOf(t *testing.T, space, labels string) {
	t.Helper()
	left, err := leftBehind(t, space, labels)
	if err != nil {
		t.Fatal(err)
	}
	if left != "" {
		t.Errorf("left behind: %s", left)
	}
}

// leftBehind says what is in a namespace with some labels, or "".
func leftBehind(t *testing.T, space, labels string) (string, error) {
	api, labelled := client(t), metav1.ListOptions{LabelSelector: labels}
	services, err := api.Serving.ServingV1().Services(space).List(t.Context(), labelled)
	if err != nil {
		return "", err
	}
	pods, err := api.Kubernetes.CoreV1().Pods(space).List(t.Context(), labelled)
	if err != nil {
		return "", err
	}
	leases, err := api.Kubernetes.CoordinationV1().Leases(space).List(t.Context(), labelled)
	if err != nil || len(services.Items)+len(pods.Items)+len(leases.Items) == 0 {
		return "", err
	}
	return fmt.Sprintf("%d services, %d pods, %d leases", len(services.Items), len(pods.Items), len(leases.Items)), nil
}

func TestSingle(t *testing.T) {
	hlog := filepath.Join(t.TempDir(), "run.hlog")
	before := readObservability(t)
	r, run := single(t, "--runtime-class", "runc,crun,gvisor", "--iterations", "2", "--client-timeout", "20s", "--hlog", hlog, "--phases", "--traces")
	if r.code != exitOK {
		t.Fatalf("exit code %d\n%s", r.code, r)
	}
	if run.End == nil || run.End.Reason != record.EndCompleted {
		t.Errorf("end %+v, want completed", run.End)
	}
	uids := map[string]bool{}
	measured := map[string]int{}
	for _, s := range run.Samples {
		wantProvenCold(t, s)
		wantPhasesInOrder(t, s)
		if s.Traced {
			wantSpans(t, r, s)
		}
		if s.Instance != nil {
			if uids[s.Instance.UID] {
				t.Errorf("instance %s answered two samples", s.Instance.UID)
			}
			uids[s.Instance.UID] = true
		}
		if !s.Discarded && !s.Traced {
			measured[s.RuntimeClass]++
		}
	}
	for _, class := range []string{"runc", "crun", "gvisor"} {
		if measured[class] != 2 {
			t.Errorf("%d samples of %s, want 2", measured[class], class)
		}
		if !strings.Contains(r.stdout, class) {
			t.Errorf("the table lacks %s:\n%s", class, r.stdout)
		}
	}
	for _, handler := range run.Header.Cluster.Handlers {
		if _, version, _ := strings.Cut(handler, " "); version == "" {
			t.Errorf("the fingerprint lacks the version of handler %s", handler)
		}
	}
	for _, class := range run.Header.Classes {
		if class.Handler != class.Name || class.ImageDigest == "" {
			t.Errorf("class %+v lacks its handler or image digest", class)
		}
	}
	if !strings.Contains(r.stdout, "throttler_try") {
		t.Errorf("the tables lack the spans:\n%s", r.stdout)
	}
	if b, err := os.ReadFile(hlog); err != nil || !bytes.Contains(b, []byte("Tag=")) {
		t.Errorf("histogram log %q, error %v", b, err)
	}
	wantNothingLeft(t)
	wantRestored(t, before)
}

func wantProvenCold(t *testing.T, s record.Sample) {
	t.Helper()
	if s.Outcome != record.OK || s.Cold != record.Proven || s.Instance == nil || s.Instance.UID == "" {
		t.Errorf("%s block %d: outcome %s %s, cold %s (%s), instance %+v",
			s.Service, s.Block, s.Outcome, s.Error, s.Cold, s.ColdReason, s.Instance)
		return
	}
	if s.Function == nil || s.Function.Requests != 1 {
		t.Errorf("%s: function %+v, want its first request", s.Service, s.Function)
	}
	if s.TTFB <= 0 || s.TTFB > s.ResponseLatency || s.Sent < s.Intended || s.Done < s.FirstByte {
		t.Errorf("%s: instants out of order: %+v", s.Service, s)
	}
}

// wantPhases checks that all phases are known, and that they add up to the latency.
func wantPhases(t *testing.T, s record.Sample) map[record.PhaseName]record.Phase {
	t.Helper()
	at := map[record.PhaseName]record.Phase{}
	for _, p := range s.Phases {
		at[p.Name] = p
	}
	for _, name := range record.PhaseNames {
		// The kubelet may tell of ready later than a proof waits.
		if _, known := at[name]; !known && name != record.PhaseReady {
			t.Errorf("%s: no phase %s", s.Service, name)
		}
	}
	first, last := at[record.PhaseRequested], at[record.PhaseDone]
	if sum := last.At - first.At; sum != s.ResponseLatency {
		t.Errorf("%s: phases add up to %v, latency is %v", s.Service, sum, s.ResponseLatency)
	}
	return at
}

// wantPhasesInOrder checks that each phase comes after the one before it, as far
// as their resolutions tell. The activator asks an instance itself whether it is
// ready, so that Kubernetes may hear of it after the answer: ready has to come
// after the containers, not before the first byte. Only a test that runs beside no
// other can ask for this: where many pods start, a watch tells of a phase late. So it does
// of the discarded starts, which are made together unless they are traced.
func wantPhasesInOrder(t *testing.T, s record.Sample) {
	t.Helper()
	at := wantPhases(t, s)
	if s.Discarded && !s.Traced {
		return
	}
	var before *record.Phase
	for _, name := range record.PhaseNames {
		p, known := at[name]
		if !known {
			continue
		}
		if before != nil && p.At+p.Resolution < before.At-before.Resolution-tellLate(before) {
			t.Errorf("%s: phase %s at %v ±%v comes before %s at %v ±%v",
				s.Service, name, p.At, p.Resolution, before.Name, before.At, before.Resolution)
		}
		if name != record.PhaseReady {
			before = &p
		}
	}
}

// tellLate is how much earlier than it was stamped a phase may have been reached.
func tellLate(p *record.Phase) time.Duration {
	if p.Clock == record.ClockWatch {
		return 250 * time.Millisecond
	}
	return 0
}

func TestInterrupt(t *testing.T) {
	for _, c := range []struct {
		name   string
		signal syscall.Signal
		code   int
	}{{"Ctrl-C", syscall.SIGINT, exitInterrupted}, {"kill -9", syscall.SIGKILL, -1}} {
		t.Run(c.name, func(t *testing.T) {
			before := readObservability(t)
			file := filepath.Join(t.TempDir(), "run.jsonl")
			cmd := start(t, "single", "--runtime-class", "runc", "--iterations", "1", "--services-per-class", "1", "--traces",
				"--client-timeout", "15s", "--run-file", file)
			samples := awaitSamples(t, file, 3) // the third is the first of the traced ones
			during := readObservability(t)
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			r := finish(t, cmd)
			if r.code != c.code {
				t.Errorf("exit code %d, want %d\n%s", r.code, c.code, r)
			}
			run, err := record.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if cmp.Equal(before, during) {
				t.Error("config-observability was not changed: nothing could be restored")
			}
			if len(run.Samples) < samples {
				t.Errorf("%d samples in the file, %d were finished", len(run.Samples), samples)
			}
			if c.signal == syscall.SIGKILL {
				// It counts as under way for a minute more, unless it is named.
				if r := kn(t, "clean", "--run", run.Header.RunID); r.code != exitOK {
					t.Errorf("clean: exit code %d\n%s", r.code, r)
				}
			} else if run.End == nil || run.End.Reason != record.EndInterrupted {
				t.Errorf("end %+v, want interrupted", run.End)
			}
			wantNothingLeft(t)
			wantRestored(t, before)
		})
	}
}

// awaitSamples waits until the run file holds n samples, and returns how many.
func awaitSamples(t *testing.T, file string, n int) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for {
		if run, err := record.ReadFile(file); err == nil && len(run.Samples) >= n {
			return len(run.Samples)
		}
		select {
		case <-ctx.Done():
			t.Fatalf("no %d samples in %s", n, file)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
