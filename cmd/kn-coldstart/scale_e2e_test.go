//go:build e2e

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
)

// scale runs the scale experiment into a run file of its own.
func scale(t *testing.T, args ...string) (result, *record.Run) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.jsonl")
	r := kn(t, append([]string{"scale", "--run-file", file}, args...)...)
	run, err := record.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	return r, run
}

func ofKind(run *record.Run, kind record.Kind) []record.Event {
	return slices.DeleteFunc(slices.Clone(run.Events), func(e record.Event) bool { return e.Kind != kind })
}

func TestScale(t *testing.T) {
	const services = 25
	r, run := scale(t, "--runtime-class", "runc,crun", "--services", "25", "--stable-window", "30s", "--client-timeout", "20s", "--settle", "1s")
	if r.code != exitOK || run.End == nil || run.End.Reason != record.EndCompleted {
		t.Fatalf("exit code %d, end %+v\n%s", r.code, run.End, r)
	}
	wantNothingLeft(t)
	answered := wantSamples(t, run, services)
	s := analysis.Summarise(run)
	if len(s.Cells) != 2 {
		t.Fatalf("%d cells\n%s", len(s.Cells), r)
	}
	for i := range s.Cells {
		wantInstances(t, &s.Cells[i], services, answered[s.Cells[i].RuntimeClass])
	}
	wantMemory(t, s)
	wantStages(t, run)
	wantDeployments(t, run)
	for _, kind := range []record.Kind{record.EventServicesCreated, record.EventServicesReady} {
		if e := ofKind(run, kind); len(e) != 2 || e[0].Value != 2 || e[1].Value != 2*services {
			t.Errorf("events %s: %+v, want one that warms caches and %d services, of each class", kind, e, services)
		}
	}
	for _, text := range []string{"50 services created in ", "2 services created in ", "all Ready and at zero after ", "skew", "per instance", "routable", "gone"} {
		if !strings.Contains(r.stdout, text) {
			t.Errorf("the tables lack %q", text)
		}
	}
	t.Log(r.stdout)
}

// wantSamples checks each request of two classes: answered by a proven cold start,
// or failed for a reason that is told. It returns how many were answered.
func wantSamples(t *testing.T, run *record.Run, services int) map[string]int {
	t.Helper()
	all, answered := map[string]int{}, map[string]int{}
	for _, s := range run.Samples {
		if s.Discarded {
			all["discarded"]++
			continue
		}
		all[s.RuntimeClass]++
		if s.Failed() {
			if s.Error == "" {
				t.Errorf("%s: outcome %s for no reason", s.Service, s.Outcome)
			}
			continue
		}
		answered[s.RuntimeClass]++
		wantProvenCold(t, s)
	}
	if answered["runc"] == 0 || answered["crun"] == 0 {
		t.Errorf("answered %v, want some of each class", answered)
	}
	if all["runc"] != services || all["crun"] != services || all["discarded"] != 2 || run.End.Samples != len(run.Samples) {
		t.Errorf("samples %v, the last line tells of %d", all, run.End.Samples)
	}
	return answered
}

func wantInstances(t *testing.T, c *analysis.Cell, services, answered int) {
	t.Helper()
	in := c.Instances
	if in == nil || in.Requested != services || in.Spawned < answered || in.Ready < answered || in.Peak < services || in.Skew <= 0 || in.WireSkew <= 0 {
		t.Errorf("%s: instances %+v, %d answered", c.Key, in, answered)
		return
	}
	if in.Spawned < in.Scheduled || in.Scheduled < in.Running || in.Running < in.Ready {
		t.Errorf("%s: more instances came further than to the step before: %+v", c.Key, in)
	}
	if (len(c.Shortfalls) > 0) != (answered < services) {
		t.Errorf("%s: %d answered and shortfalls %+v", c.Key, answered, c.Shortfalls)
	}
}

func wantMemory(t *testing.T, s *analysis.Summary) {
	t.Helper()
	read := map[round.MemorySource]int{}
	for _, m := range s.Memory {
		read[m.Source]++
		if m.PerInstance.Value <= 0 || m.MostInstances < 20 {
			t.Errorf("memory of %s, %s: %+v", m.RuntimeClass, m.Source, m)
		}
	}
	for _, source := range []round.MemorySource{round.NodeMemory, round.NodeGroupMemory, round.PodMemory} {
		if read[source] != 2 {
			t.Errorf("%d slopes of %s, want one of each class", read[source], source)
		}
	}
}

// wantStages checks that the run file tells each instance's way, in order.
func wantStages(t *testing.T, run *record.Run) {
	t.Helper()
	order := []record.Kind{record.EventInstanceCreated, record.EventInstanceScheduled, record.EventInstanceRunning, record.EventInstanceReady}
	seen := map[string]map[record.Kind]record.Event{}
	for _, e := range run.Events {
		if e.UID == "" {
			continue
		}
		if seen[e.UID] == nil {
			seen[e.UID] = map[record.Kind]record.Event{}
		}
		if _, again := seen[e.UID][e.Kind]; !again {
			seen[e.UID][e.Kind] = e
		}
	}
	for uid, events := range seen {
		for i := 1; i < len(order); i++ {
			before, now := events[order[i-1]], events[order[i]]
			if now.Kind != "" && (before.Kind == "" || now.At < before.At) {
				t.Errorf("instance %s: %s at %v after %s at %v", uid, now.Kind, now.At, order[i-1], before.At)
			}
		}
		if events[order[0]].Kind == "" {
			t.Errorf("instance %s was never created: %v", uid, events)
		}
	}
}

func TestScaleInterrupted(t *testing.T) {
	const services = 10
	file := filepath.Join(t.TempDir(), "run.jsonl")
	cmd := start(t, "scale", "--runtime-class", "runc", "--services", "10", "--client-timeout", "15s", "--run-file", file)
	awaitSamples(t, file, 1)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r := finish(t, cmd)
	run, err := record.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if r.code != exitInterrupted || run.End == nil || run.End.Reason != record.EndInterrupted {
		t.Errorf("exit code %d, end %+v\n%s", r.code, run.End, r)
	}
	if n := len(run.Samples) + len(ofKind(run, record.EventRequestAbandoned)); n != services {
		t.Errorf("%d of %d requests are accounted for", n, services)
	}
	wantNothingLeft(t)
}

// Two instances that request more CPU than the node has: one holds, and the
// scheduler is named as the reason why two do not.
func TestScaleUntilFailure(t *testing.T) {
	r, run := scale(t, "--runtime-class", "runc", "--services", "1,2", "--until-failure", "--request", "cpu="+halfAndMore(t),
		"--client-timeout", "8s", "--stable-window", "6s")
	if r.code != exitOK {
		t.Fatalf("exit code %d\n%s", r.code, r)
	}
	s := analysis.Summarise(run)
	if len(s.Limits) != 1 || s.Limits[0].Services != 1 || !strings.Contains(s.Limits[0].Message, "1 of 2 answered (50 %), which is answered<98%") ||
		!strings.Contains(s.Limits[0].Message, "Insufficient cpu, by requests") {
		t.Errorf("limits %+v\n%s", s.Limits, r)
	}
	if !strings.Contains(r.stdout, "fell short") || !strings.Contains(r.stdout, "created, not scheduled") || !strings.Contains(r.stdout, "limit of") {
		t.Errorf("the report does not say why:\n%s", r.stdout)
	}
	wantNothingLeft(t)
}

// halfAndMore is more than half of the CPU that the node has to give.
func halfAndMore(t *testing.T) string {
	t.Helper()
	nodes, err := client(t).Kubernetes.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil || len(nodes.Items) != 1 {
		t.Fatalf("nodes: %v", err)
	}
	return resource.NewMilliQuantity(nodes.Items[0].Status.Allocatable.Cpu().MilliValue()*55/100, resource.DecimalSI).String()
}

func TestScaleBeyondAQuota(t *testing.T) {
	kube := client(t).Kubernetes.CoreV1()
	made, err := kube.Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "small-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer kube.Namespaces().Delete(t.Context(), made.Name, metav1.DeleteOptions{})
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "three"}, Spec: corev1.ResourceQuotaSpec{
		Hard: corev1.ResourceList{"count/services.serving.knative.dev": resource.MustParse("3")}}}
	if _, err = kube.ResourceQuotas(made.Name).Create(t.Context(), quota, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitThat(t, "the quota to be counted", time.Minute, func() bool {
		now, err := kube.ResourceQuotas(made.Name).Get(t.Context(), quota.Name, metav1.GetOptions{})
		return err == nil && len(now.Status.Used) == 1
	})
	r, run := scale(t, "-n", made.Name, "--runtime-class", "runc", "--services", "6")
	if r.code != exitFailed || run.End == nil || run.End.Reason != record.EndFailed {
		t.Errorf("exit code %d, end %+v", r.code, run.End)
	}
	for _, text := range []string{"error: create service " + made.Name + "/", "exceeded quota: three", "hint: raise the namespace's ResourceQuota"} {
		if !strings.Contains(r.stderr, text) {
			t.Errorf("no %q in\n%s", text, r)
		}
	}
	wantNothingLeft(t)
}
