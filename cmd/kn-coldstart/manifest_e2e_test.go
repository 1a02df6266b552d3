//go:build e2e

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// pageFile is a Service of two containers, two volumes and a probe.
var pageFile = filepath.Join("testdata", "e2e", "page.yaml")

// pageNamespace makes a namespace with what the Service of pageFile needs.
func pageNamespace(t *testing.T) string {
	t.Helper()
	config, err := os.ReadFile(filepath.Join("testdata", "e2e", "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	kube := client(t).Kubernetes.CoreV1()
	made, err := kube.Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "page-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kube.Namespaces().Delete(context.WithoutCancel(t.Context()), made.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	_, err = kube.ConfigMaps(made.Name).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "page-nginx"}, Data: map[string]string{"nginx.conf": string(config)},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made.Name
}

// TestManifest measures a Service as a user wrote it. What the run says it changes is
// all that the Service in the cluster differs in from the user's.
func TestManifest(t *testing.T) {
	t.Parallel()
	namespace := pageNamespace(t)
	file := filepath.Join(t.TempDir(), "run.jsonl")
	f := faultyRun{start(t, "single", "--run-file", file, "-f", pageFile, "-n", namespace, "--runtime-class", "runc",
		"--iterations", "1", "--client-timeout", patient, "--path", "/page", "--expect-body", "^from the other container\n$"), file}
	deployed := deployedIn(t, namespace)
	r, run := f.finish(t, 2)
	for _, s := range run.Samples {
		wantProvenBy(t, s, record.ProofExclusion)
	}
	wantRemoved(t, run)
	changes := run.Header.Settings.ManifestChanges
	for _, change := range changes {
		if !strings.Contains(r.stderr, "changing the service: "+change+"\n") {
			t.Errorf("standard error does not say %q", change)
		}
	}
	differing := differences(t, asWritten(t, namespace), deployed)
	t.Logf("differing: %q", differing)
	wantSaid(t, changes, differing)
	if deployed.Labels["team"] != "web" || deployed.Spec.Template.Labels["team"] != "web" {
		t.Errorf("the user's labels are gone: %v, %v", deployed.Labels, deployed.Spec.Template.Labels)
	}
}

// deployedIn awaits the run's Service.
func deployedIn(t *testing.T, namespace string) *servingv1.Service {
	t.Helper()
	services := client(t).Serving.ServingV1().Services(namespace)
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(50 * time.Millisecond) {
		if all, err := services.List(t.Context(), metav1.ListOptions{LabelSelector: ksvc.Selector()}); err == nil && len(all.Items) > 0 {
			return &all.Items[0]
		}
	}
	t.Fatal("no Service was deployed")
	return nil
}

// asWritten is the Service of the file as the API server would store it, with all
// defaults. Nothing is created.
func asWritten(t *testing.T, namespace string) *servingv1.Service {
	t.Helper()
	text, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	var written servingv1.Service
	if err := yaml.UnmarshalStrict(text, &written); err != nil {
		t.Fatal(err)
	}
	stored, err := client(t).Serving.ServingV1().Services(namespace).Create(t.Context(), &written, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// differences are the paths of the fields in which two Services differ, but for those
// that the cluster sets.
func differences(t *testing.T, a, b *servingv1.Service) []string {
	t.Helper()
	before, after := fields(t, a), fields(t, b)
	all := maps.Clone(before)
	maps.Copy(all, after)
	var differing []string
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if before[path] != after[path] {
			differing = append(differing, path)
		}
	}
	return differing
}

// fields are the values of a Service by path.
func fields(t *testing.T, s *servingv1.Service) map[string]string {
	t.Helper()
	s = s.DeepCopy()
	s.TypeMeta, s.Status = metav1.TypeMeta{}, servingv1.ServiceStatus{} // a list has no types
	s.UID, s.ResourceVersion, s.Generation, s.CreationTimestamp, s.ManagedFields = "", "", 0, metav1.Time{}, nil
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	flatten(found, "", tree)
	return found
}

func flatten(into map[string]string, path string, node any) {
	switch n := node.(type) {
	case map[string]any:
		for name, value := range n {
			flatten(into, strings.TrimPrefix(path+"."+name, "."), value)
		}
	case []any:
		for i, value := range n {
			flatten(into, fmt.Sprintf("%s[%d]", path, i), value)
		}
	default:
		into[path] = fmt.Sprint(n)
	}
}

// wantSaid checks that each difference was said, and that nothing was said that is none.
// A change is said as "FIELD: what becomes of it", or "FIELD and FIELD: …". That of an
// annotation names it first.
func wantSaid(t *testing.T, changes, differing []string) {
	t.Helper()
	var said []string
	for _, change := range changes {
		what, becomes, _ := strings.Cut(change, ": ")
		if strings.HasSuffix(what, ".annotations") {
			name, _, _ := strings.Cut(becomes, " ")
			what += "." + name
		}
		said = append(said, strings.Split(what, " and ")...)
	}
	within := func(path, field string) bool { return path == field || strings.HasPrefix(path, field+".") }
	for _, path := range differing {
		if !slices.ContainsFunc(said, func(field string) bool { return within(path, field) }) {
			t.Errorf("the Service differs in %s, and nobody said so", path)
		}
	}
	for _, field := range said {
		if !slices.ContainsFunc(differing, func(path string) bool { return within(path, field) }) {
			t.Errorf("%s was said to be changed, and is as written", field)
		}
	}
}
