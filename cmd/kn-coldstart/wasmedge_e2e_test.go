//go:build e2e

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// needWasmEdge skips a test if the node was built without WasmEdge, but not if the build
// was told to have it.
func needWasmEdge(t *testing.T) {
	t.Helper()
	_, err := client(t).Kubernetes.NodeV1().RuntimeClasses().Get(t.Context(), wasmClass, metav1.GetOptions{})
	if apierrors.IsNotFound(err) && os.Getenv("WASM") == "" {
		t.Skip("the node has no RuntimeClass wasmedge: it was built without WASM=1")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestWasmEdge measures the function in WebAssembly beside the one of runc. No flag says
// more than the class. It does not run beside others, whose pods would have the kubelet tell
// late in which order things happened.
func TestWasmEdge(t *testing.T) {
	needWasmEdge(t)
	r, run := single(t, "--runtime-class", "runc,wasmedge", "--iterations", "2", "--client-timeout", patient)
	t.Logf("\n%s", r)
	if r.code != exitOK {
		t.Errorf("exit code %d", r.code)
	}
	measured := map[string]int{}
	for _, s := range run.Samples {
		wantProvenCold(t, s)
		wantPhasesInOrder(t, s)
		if s.Proof != record.ProofAnswer {
			t.Errorf("%s: proven by %q, want by the function's answer", s.Service, s.Proof)
		}
		if !s.Discarded {
			measured[s.RuntimeClass]++
		}
	}
	if measured["runc"] != 2 || measured[wasmClass] != 2 {
		t.Errorf("samples %v, want 2 of each class", measured)
	}
	for _, class := range run.Header.Classes {
		if class.Image != nodeImageOf(class.Name) || class.ImageDigest == "" {
			t.Errorf("class %s was measured with image %s, digest %q", class.Name, class.Image, class.ImageDigest)
		}
	}
	wantRemoved(t, run)
}

// TestWasmEdgePodEnds runs a program of the user's, and deletes its pod, which has a minute
// to end. WasmEdge does not heed SIGTERM, and yet the pod does not need the minute.
func TestWasmEdgePodEnds(t *testing.T) {
	t.Parallel()
	needWasmEdge(t)
	const image = "registry.example/your-function:wasm"
	program := filepath.Join(build, "node", "wasmedge", "coldfn.wasm")
	if r := kn(t, "cluster", "load-image", program, "--name", image); r.code != exitOK {
		t.Fatalf("load image: %s", r)
	}
	api := client(t)
	pods := api.Kubernetes.CoreV1().Pods(api.Namespace)
	class, grace := wasmClass, int64(60)
	pod, err := pods.Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "wasmedge-ends"},
		Spec: corev1.PodSpec{
			RuntimeClassName: &class, TerminationGracePeriodSeconds: &grace,
			Containers: []corev1.Container{{Name: "function", Image: image}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if said := pod.Annotations["module.wasm.image/variant"]; said != "compat-smart" {
		t.Errorf("the pod's annotation for WasmEdge is %q", said)
	}
	awaitThat(t, "the pod to run", time.Minute, func() bool {
		pod, err = pods.Get(t.Context(), pod.Name, metav1.GetOptions{})
		return err == nil && pod.Status.Phase == corev1.PodRunning
	})
	deleted := time.Now()
	if err := pods.Delete(t.Context(), pod.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitThat(t, "the pod to be gone", time.Duration(grace)*time.Second/2, func() bool {
		_, err := pods.Get(t.Context(), pod.Name, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	t.Logf("the pod was gone %v after it was deleted", time.Since(deleted).Round(time.Millisecond))
}

func awaitThat(t *testing.T, what string, limit time.Duration, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(200 * time.Millisecond) {
		if time.Since(began) > limit {
			t.Fatalf("waited %v for %s", limit, what)
		}
	}
}
