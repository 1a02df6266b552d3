package ksvc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// owned are a service and its pod of a run.
func owned(run, name string) (*servingv1.Service, *corev1.Pod) {
	meta := metav1.ObjectMeta{Name: name, Namespace: ksvctest.Space, UID: types.UID("service-" + name), Labels: ksvctest.Labels(run)}
	s := &servingv1.Service{ObjectMeta: meta}
	meta.Name, meta.UID = name+"-pod", types.UID("pod-"+name)
	return s, &corev1.Pod{ObjectMeta: meta}
}

func deleteFakes() *ksvctest.Fakes {
	first, firstPod := owned("run-1", "a")
	second, secondPod := owned("run-2", "b")
	stranger, strangerPod := owned("run-1", "c")
	stranger.Labels, strangerPod.Labels = nil, nil
	f := ksvctest.NewFakes(first, firstPod, second, secondPod, stranger, strangerPod)
	collect(f)
	return f
}

// collect has the pods of services that are deleted go, as Kubernetes' garbage collector
// does, a while later.
func collect(f *ksvctest.Fakes) {
	f.Serving.PrependReactor("delete", "services", func(a clienttesting.Action) (bool, runtime.Object, error) {
		name := a.(clienttesting.DeleteAction).GetName()
		time.AfterFunc(time.Second, func() {
			_ = f.Kube.Tracker().Delete(corev1.SchemeGroupVersion.WithResource("pods"), ksvctest.Space, name+"-pod")
		})
		return false, nil, nil
	})
}

func left(t *testing.T, f *ksvctest.Fakes) []string {
	t.Helper()
	services, err := f.Serving.ServingV1().Services(ksvctest.Space).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pods, err := f.Kube.CoreV1().Pods(ksvctest.Space).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range services.Items {
		names = append(names, s.Name)
	}
	for _, p := range pods.Items {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

func TestDelete(t *testing.T) {
	tests := []struct {
		name string
		runs []string
		want ksvc.Deleted
		left []string
	}{
		{"one run", []string{"run-1"}, ksvc.Deleted{Services: 1, Pods: 1}, []string{"b", "b-pod", "c", "c-pod"}},
		{"two runs", []string{"run-1", "run-2"}, ksvc.Deleted{Services: 2, Pods: 2}, []string{"c", "c-pod"}},
		{"every run", nil, ksvc.Deleted{Services: 2, Pods: 2}, []string{"c", "c-pod"}},
		{"a run that left nothing", []string{"run-9"}, ksvc.Deleted{}, []string{"a", "a-pod", "b", "b-pod", "c", "c-pod"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := deleteFakes()
				var progress [][2]int
				got, err := f.Delete(t.Context(), ksvc.DeleteOptions{Runs: test.runs, Progress: func(done, total int) {
					progress = append(progress, [2]int{done, total})
				}})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("deleted (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.left, left(t, f)); diff != "" {
					t.Errorf("left (-want +got):\n%s", diff)
				}
				if n := test.want.Services + test.want.Pods; len(progress) != n || n > 0 && progress[n-1] != [2]int{n, n} {
					t.Errorf("progress = %v, want to %d of %d", progress, n, n)
				}
				synctest.Wait()
			})
		})
	}
}

// What goes in order, as it does by clean, stays until what it owns is gone.
func TestDeleteInOrder(t *testing.T) {
	for name, test := range map[string]struct {
		remove func(context.Context, *ksvctest.Fakes) error
		want   metav1.DeletionPropagation
	}{
		"the service first": {func(ctx context.Context, f *ksvctest.Fakes) error {
			_, err := f.Delete(ctx, ksvc.DeleteOptions{Runs: []string{"run-1"}})
			return err
		}, metav1.DeletePropagationBackground},
		"in order": {func(ctx context.Context, f *ksvctest.Fakes) error {
			_, err := f.Delete(ctx, ksvc.DeleteOptions{Runs: []string{"run-1"}, InOrder: true})
			return err
		}, metav1.DeletePropagationForeground},
		"clean": {func(ctx context.Context, f *ksvctest.Fakes) error {
			_, err := f.Clean(ctx, []ksvc.Left{{Run: "run-1"}}, ksvc.DeleteOptions{})
			return err
		}, metav1.DeletePropagationForeground},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := deleteFakes()
				if err := test.remove(t.Context(), f); err != nil {
					t.Fatal(err)
				}
				var got []metav1.DeletionPropagation
				for _, a := range f.Serving.Actions() {
					if d, ok := a.(clienttesting.DeleteActionImpl); ok {
						got = append(got, *d.DeleteOptions.PropagationPolicy)
					}
				}
				if diff := cmp.Diff([]metav1.DeletionPropagation{test.want}, got); diff != "" {
					t.Errorf("deletions (-want +got):\n%s", diff)
				}
				synctest.Wait()
			})
		})
	}
}

// What Knative makes anew, because it does not know yet that the service is gone, is waited
// for as well.
func TestDeleteInOrderWaitsForWhatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, began := deleteFakes(), time.Now()
		_, again := owned("run-1", "again")
		at := func(after time.Duration, do func() error) {
			time.AfterFunc(after, func() {
				if err := do(); err != nil {
					t.Error(err)
				}
			})
		}
		at(2*time.Second, func() error { return f.Kube.Tracker().Add(again) })
		at(10*time.Second, func() error {
			return f.Kube.Tracker().Delete(corev1.SchemeGroupVersion.WithResource("pods"), ksvctest.Space, again.Name)
		})
		got, err := f.Delete(t.Context(), ksvc.DeleteOptions{Runs: []string{"run-1"}, InOrder: true})
		if want := (ksvc.Deleted{Services: 1, Pods: 2}); err != nil || got != want {
			t.Errorf("Delete = %+v, %v, want %+v", got, err, want)
		}
		if took := time.Since(began); took != 12*time.Second {
			t.Errorf("took %v, want 12 s", took)
		}
		synctest.Wait()
	})
}

func TestDeleteNamesWhatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := owned("run-1", "a")
		ksvctest.Terminating(p)
		f := ksvctest.NewFakes(s, p) // nothing collects the pod
		_, err := f.Delete(t.Context(), ksvc.DeleteOptions{Patience: time.Minute})
		want := "delete services in namespace bench: not after 1m0s, last seen: 1 objects are left: pods bench/a-pod (Terminating)"
		if err == nil || err.Error() != want {
			t.Errorf("Delete = %v, want %s", err, want)
		}
		synctest.Wait()
	})
}

func TestDeleteWaitsAsLongAsMoreGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, firstPod := owned("run-1", "a")
		second, secondPod := owned("run-1", "b")
		f := ksvctest.NewFakes(first, firstPod, second, secondPod)
		for pod, after := range map[string]time.Duration{"a-pod": 40 * time.Second, "b-pod": 80 * time.Second} {
			time.AfterFunc(after, func() {
				_ = f.Kube.Tracker().Delete(corev1.SchemeGroupVersion.WithResource("pods"), ksvctest.Space, pod)
			})
		}
		got, err := f.Delete(t.Context(), ksvc.DeleteOptions{Patience: time.Minute})
		if want := (ksvc.Deleted{Services: 2, Pods: 2}); err != nil || got != want {
			t.Errorf("Delete = %+v, %v, want %+v", got, err, want)
		}
		synctest.Wait()
	})
}

// An API server that takes connections and never answers.
func TestDeleteGivesUpOnASilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := deleteFakes()
		f.Serving.PrependReactor("list", "services", func(clienttesting.Action) (bool, runtime.Object, error) {
			time.Sleep(time.Minute + time.Millisecond)
			return true, nil, context.Canceled
		})
		_, err := f.Delete(t.Context(), ksvc.DeleteOptions{Patience: time.Minute})
		want := "delete services in namespace bench: not after 1m0s, last seen: no answer from the API server"
		if err == nil || err.Error() != want {
			t.Errorf("Delete = %v, want %s", err, want)
		}
		synctest.Wait()
	})
}

func TestDeleteGoesOnAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := deleteFakes()
		ksvctest.Refuse(&f.Serving.Fake, "delete", "services", errors.New("denied"))
		_, err := f.Delete(t.Context(), ksvc.DeleteOptions{Patience: time.Minute})
		if err == nil || !strings.Contains(err.Error(), "denied") {
			t.Fatalf("Delete = %v, want denied", err)
		}
		time.Sleep(2 * time.Second)
		if left := left(t, f); len(left) != 4 {
			t.Errorf("left %v, want the one that failed and the stranger", left)
		}
	})
}

// An API server that restarts just then does not keep anything from going.
func TestDeleteOutlastsARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := deleteFakes()
		refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		ksvctest.Refuse(&f.Serving.Fake, "list", "services", refused, refused, nil, io.EOF)
		ksvctest.Refuse(&f.Serving.Fake, "delete", "services", syscall.ECONNRESET)
		got, err := f.Delete(t.Context(), ksvc.DeleteOptions{Runs: []string{"run-1"}})
		if want := (ksvc.Deleted{Services: 1, Pods: 1}); err != nil || got != want {
			t.Errorf("Delete = %+v, %v, want %+v", got, err, want)
		}
		synctest.Wait()
	})
}
