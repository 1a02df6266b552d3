//go:build e2e

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/headway"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/incluster"
)

// TestInCluster kills the command that follows a run in a pod, and attaches to the run. The
// run file is then the one that the pod wrote to its log, and nothing is left.
func TestInCluster(t *testing.T) {
	t.Parallel()
	const space, image = "incluster-e2e", "dev.local/kn-coldstart:incluster"
	if r := kn(t, "cluster", "load-image", filepath.Join(build, "kn-coldstart"), "--name", image); r.code != exitOK {
		t.Fatalf("exit code %d\n%s", r.code, r)
	}
	admin := newSpace(t, space)
	file := filepath.Join(t.TempDir(), "run.jsonl")
	// The kubelet cuts lines of 16 KiB. The first line of the run file has this one.
	long := strings.Repeat("long", 10<<10)
	began := func(more ...string) *exec.Cmd {
		t.Helper()
		cmd := start(t, append([]string{"single", "-n", space, "--in-cluster", "--tool-image", image, "--runtime-class", "runc", "--annotation", "example.com/note=" + long,
			"--iterations", "2", "--services-per-class", "1", "--client-timeout", patient, "--run-file", file}, more...)...)
		awaitSamples(t, file, 1)
		return cmd
	}
	begin := func() {
		t.Helper()
		cmd := began()
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		finish(t, cmd)
	}

	begin()
	run := onlyRun(t, admin)
	job, err := admin.Kubernetes.BatchV1().Jobs(space).Get(t.Context(), "kn-coldstart-"+run.Run, metav1.GetOptions{})
	if err != nil || job.Spec.ActiveDeadlineSeconds != nil {
		t.Errorf("%v: the run has started, and is limited to %+v", err, job.Spec)
	}
	if r := kn(t, "clean", "-n", space); r.code != exitOK || !strings.Contains(r.stderr, "running, left alone") {
		t.Errorf("clean beside a run that is under way: exit code %d\n%s", r.code, r)
	}
	wantTaken(t, space, run.Run, file)
	log := make(chan string, 1)
	go func() { log <- podLog(t, admin, run.Run) }()
	r := kn(t, "attach", "-n", space, run.Run, "--run-file", file)
	if r.code != exitOK || !strings.Contains(r.stdout, "runc") {
		t.Fatalf("exit code %d\n%s", r.code, r)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := <-log; string(text) != want || !strings.Contains(want, long) {
		t.Errorf("the run file is\n%s\nand the log of the pod has\n%s", text, want)
	}
	measured, err := record.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(measured.Warnings) > 0 || measured.End == nil || measured.End.Reason != record.EndCompleted || measured.Header.RunID != run.Run || len(measured.Samples) != 3 {
		t.Errorf("run %s, %d samples, end %+v, warnings %q", measured.Header.RunID, len(measured.Samples), measured.End, measured.Warnings)
	}
	for _, s := range measured.Samples {
		wantProvenCold(t, s)
	}
	wantNoRunLeft(t, admin, run.Run)

	// Somebody who wants it gone does not need to attach.
	file = filepath.Join(t.TempDir(), "run.jsonl")
	begin()
	run = onlyRun(t, admin)
	if r := kn(t, "clean", "-n", space, "--run", run.Run); r.code != exitOK {
		t.Errorf("clean of a run that is under way: exit code %d\n%s", r.code, r)
	}
	wantNoRunLeft(t, admin, run.Run)

	// Ctrl-C ends the run in good order.
	file = filepath.Join(t.TempDir(), "run.jsonl")
	cmd := began("--progress", "json")
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if r = finish(t, cmd); r.code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s", r.code, exitInterrupted, r)
	}
	wantOnlyObjects(t, r.stderr)
	measured, err = record.ReadFile(file)
	if err != nil || measured.End == nil || measured.End.Reason != record.EndInterrupted {
		t.Errorf("%v, end %+v\n%s", err, measured.End, r)
	}
	wantNoRunLeft(t, admin, measured.Header.RunID)
}

// wantTaken attaches to a run while somebody else has its run file open.
func wantTaken(t *testing.T, space, run, file string) {
	t.Helper()
	other, err := record.OpenCopy(file, run)
	if err != nil {
		t.Fatal(err)
	}
	if r := kn(t, "attach", "-n", space, run, "--run-file", file); r.code != exitFailed || !strings.Contains(r.stderr, "another command writes it") {
		t.Errorf("exit code %d\n%s", r.code, r)
	}
	if err := other.Leave(); err != nil {
		t.Error(err)
	}
}

// wantOnlyObjects looks for nothing but objects in what was said, those of the pod among them.
func wantOnlyObjects(t *testing.T, said string) {
	t.Helper()
	seen := map[string]int{}
	for line := range strings.Lines(said) {
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		seen[m.Type]++
	}
	if len(seen) != 2 || seen[typeMessage] == 0 || seen[headway.TypeProgress] < 2 {
		t.Errorf("lines of types %v\n%s", seen, said)
	}
}

// onlyRun is the one run in a pod of the namespace.
func onlyRun(t *testing.T, admin *ksvc.Client) incluster.Job {
	t.Helper()
	jobs, err := incluster.List(t.Context(), admin, false)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("runs %+v, want one: %v", jobs, err)
	}
	return jobs[0]
}

// podLog are the lines of the run file in the log of a run's pod, to its end.
func podLog(t *testing.T, admin *ksvc.Client, run string) string {
	pods, err := admin.Kubernetes.CoreV1().Pods(admin.Namespace).List(t.Context(), metav1.ListOptions{LabelSelector: ksvc.LabelInCluster + "=" + run})
	if err != nil || len(pods.Items) != 1 {
		return fmt.Sprintf("%d pods, %v", len(pods.Items), err)
	}
	raw, err := admin.Kubernetes.CoreV1().Pods(admin.Namespace).GetLogs(pods.Items[0].Name, &corev1.PodLogOptions{Follow: true}).DoRaw(t.Context())
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	for line := range strings.Lines(string(raw)) {
		if record.TypeOf([]byte(line)) != "" {
			text.WriteString(line)
		}
	}
	return text.String()
}

// wantNoRunLeft waits for a while until nothing is left of a run in a pod, and of what it
// created in the namespace.
func wantNoRunLeft(t *testing.T, admin *ksvc.Client, run string) {
	t.Helper()
	left := "?"
	for deadline := time.Now().Add(2 * time.Minute); left != "" && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		var err error
		if left, err = podRunLeft(t, admin, run); err != nil {
			t.Fatal(err)
		}
	}
	if left != "" {
		t.Errorf("left behind: %s", left)
	}
	wantNothingLeftIn(t, admin.Namespace)
}

// podRunLeft says what there is of a run in a pod, roles outside of the namespace included.
// Those may be there of other runs, which other tests make at the same time.
func podRunLeft(t *testing.T, admin *ksvc.Client, run string) (string, error) {
	ctx, k := t.Context(), admin.Kubernetes
	ours := metav1.ListOptions{LabelSelector: ksvc.Selector(run)}
	jobs, err1 := incluster.List(ctx, admin, false)
	pods, err2 := k.CoreV1().Pods(admin.Namespace).List(ctx, metav1.ListOptions{LabelSelector: ksvc.LabelInCluster + "=" + run})
	files, err3 := k.CoreV1().ConfigMaps(admin.Namespace).List(ctx, ours)
	accounts, err4 := k.CoreV1().ServiceAccounts(admin.Namespace).List(ctx, ours)
	roles, err5 := k.RbacV1().Roles(metav1.NamespaceAll).List(ctx, ours)
	bindings, err6 := k.RbacV1().RoleBindings(metav1.NamespaceAll).List(ctx, ours)
	wide, err7 := k.RbacV1().ClusterRoles().List(ctx, ours)
	wideBindings, err8 := k.RbacV1().ClusterRoleBindings().List(ctx, ours)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8); err != nil {
		return "", err
	}
	var left []string
	for _, kind := range []struct {
		name  string
		count int
	}{
		{"jobs", len(jobs)}, {"pods", len(pods.Items)}, {"ConfigMaps", len(files.Items)}, {"service accounts", len(accounts.Items)},
		{"roles", len(roles.Items)}, {"role bindings", len(bindings.Items)},
		{"cluster roles", len(wide.Items)}, {"cluster role bindings", len(wideBindings.Items)},
	} {
		if kind.count > 0 {
			left = append(left, fmt.Sprintf("%d %s", kind.count, kind.name))
		}
	}
	return strings.Join(left, ", "), nil
}
