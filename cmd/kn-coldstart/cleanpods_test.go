package main

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batch "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kn-coldstart/kn-coldstart/ksvc/incluster"
)

// leftovers is a cluster with a run in a pod in each state in which clean may find one.
func leftovers(t *testing.T) *podCluster {
	c := newPodCluster()
	for _, run := range []string{"runs", "ended", "deleted", "old", "died", "gone"} {
		c.start(t, run)
	}
	c.addPod(t, "ended")
	c.change(t, "ended", ended(incluster.Kept-time.Hour))
	c.change(t, "deleted", ended(time.Hour))
	c.addPod(t, "old")
	c.change(t, "old", ended(incluster.Kept+time.Hour))
	c.change(t, "died", func(j *batch.Job) { j.Spec.Suspend = new(true) })
	if err := c.kube.BatchV1().Jobs(c.Namespace).Delete(t.Context(), "kn-coldstart-gone", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	return c
}

// The log of a run that has ended is its run file until somebody fetches it: a plain clean
// leaves it there.
func TestCleanPods(t *testing.T) {
	for name, c := range map[string]struct {
		flags cleanFlags
		left  []string
	}{
		"by itself":    {cleanFlags{}, []string{"ended", "runs"}},
		"this run":     {cleanFlags{run: "ended"}, []string{"deleted", "died", "gone", "old", "runs"}},
		"all the runs": {cleanFlags{allRuns: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := leftovers(t)
			if err := c.flags.remove(t.Context(), cluster.Client); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.left, slices.Sorted(maps.Keys(cluster.runs(t)))); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}

// Who may not delete, or even look at, what is of a run in a pod still gets the rest removed.
func TestCleanGoesOn(t *testing.T) {
	for verb, resource := range map[string]string{"delete": "jobs", "list": "pods"} {
		cluster, refused := leftovers(t), apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "r", nil)
		first := true
		cluster.kube.PrependReactor(verb, resource, func(clienttesting.Action) (bool, runtime.Object, error) {
			defer func() { first = false }()
			return first, nil, refused
		})
		var flags cleanFlags
		if err := flags.remove(t.Context(), cluster.Client); !apierrors.IsForbidden(err) {
			t.Errorf("clean that may not %s %s = %v", verb, resource, err)
		}
		if there := cluster.runs(t); len(there) != 3 || !there["ended"] {
			t.Errorf("clean that may not %s %s leaves %v", verb, resource, there)
		}
		looked := func(a clienttesting.Action) bool { return a.Matches("list", "services") }
		if !slices.ContainsFunc(cluster.serving.Actions(), looked) {
			t.Errorf("clean that may not %s %s does not look for services", verb, resource)
		}
	}
}
