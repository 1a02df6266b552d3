//go:build e2e

package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// TestExistingServices measures services that somebody else created. They are afterwards
// byte for byte what they were before, and those that cannot be measured are refused
// before anything is requested.
func TestExistingServices(t *testing.T) {
	api := client(t)
	first := userService("users-first", nil)
	second := userService("users-second", nil)
	warm := userService("users-warm", map[string]string{"autoscaling.knative.dev/min-scale": "1"})
	split := userService("users-split", nil)
	for _, s := range []*servingv1.Service{first, second, warm, split} {
		createOfUser(t, api, s)
	}
	splitTraffic(t, api, split.Name)
	awaitUsers(t, api, first.Name, second.Name, warm.Name)

	t.Run("measured as they are", func(t *testing.T) {
		before := map[string]string{first.Name: stateOf(t, api, first.Name), second.Name: stateOf(t, api, second.Name)}
		r, run := single(t, "--service", first.Name, "--service", second.Name, "--iterations", "2", "--client-timeout", "14s")
		t.Log(r.stderr)
		if r.code != exitOK || run.End == nil || run.End.Reason != record.EndCompleted {
			t.Fatalf("exit code %d, end %+v\n%s", r.code, run.End, r)
		}
		count := map[string]int{}
		for _, s := range run.Samples {
			wantProvenCold(t, s)
			wantPhasesInOrder(t, s)
			if s.RuntimeClass != "default" || s.Variant != s.Service {
				t.Errorf("a sample of %s is counted under %s", s.Service, s.Key())
			}
			count[s.Service]++
		}
		for name, state := range before {
			if count[name] != 3 {
				t.Errorf("%d samples of %s, want 3", count[name], name)
			}
			if now := stateOf(t, api, name); now != state {
				t.Errorf("service %s was changed:\n%s\nit was\n%s", name, now, state)
			}
			if !strings.Contains(r.stdout, "default ("+name+")") {
				t.Errorf("the table lacks %s:\n%s", name, r.stdout)
			}
		}
		if !strings.Contains(r.stderr, "service users-first, revision users-first-00001, is measured as it is") || !strings.Contains(r.stderr, "stable window 6s") {
			t.Errorf("it does not say how the service returns to zero:\n%s", r.stderr)
		}
		found := run.Header.Settings.ExistingServices
		if len(found) != 2 || found[0].StableWindow != 6*time.Second || found[0].Image != nodeImage || found[0].Timeout != 15*time.Second {
			t.Errorf("settings of existing services: %+v", found)
		}
	})
	t.Run("clean leaves them alone", func(t *testing.T) {
		before := stateOf(t, api, first.Name)
		if r := kn(t, "clean"); r.code != exitOK || stateOf(t, api, first.Name) != before {
			t.Errorf("exit code %d\n%s", r.code, r)
		}
	})
	for _, c := range []wrongInput{
		{"min-scale 1", []string{"--service", warm.Name}, exitFailed, `annotation autoscaling.knative.dev/min-scale of service users-warm is "1"`},
		{"split traffic", []string{"--service", split.Name}, exitFailed, "service users-split splits its traffic over several revisions: 50 % to users-split-00001, 50 % to users-split-00002"},
		{"missing", []string{"--service", "users-nosuch"}, exitFailed, "service users-nosuch does not exist"},
		{"missing beside one that is there", []string{"--service", split.Name, "--service", "users-nosuch"}, exitFailed, "service users-nosuch does not exist"},
		{"an image, too", []string{"--service", first.Name, "--image", "x"}, exitUsage, "--image and --service exclude each other"},
		{"traces, too", []string{"--service", first.Name, "--traces"}, exitUsage, "--traces and --service exclude each other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := generationsOf(t, api, split.Name)
			c.run(t)
			if diff := cmp.Diff(before, generationsOf(t, api, split.Name)); diff != "" || len(before) != 2 {
				t.Errorf("service %s was woken: %s", split.Name, diff)
			}
		})
	}
	wantNothingLeft(t)
}

// userService is a plain service of a user's, which answers as cmd/coldfn does.
func userService(name string, annotations map[string]string) *servingv1.Service {
	timeout := int64(15)
	s := &servingv1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"team": "shop"}}}
	s.Spec.Template.Annotations = map[string]string{"autoscaling.knative.dev/window": "6s"}
	for key, value := range annotations {
		s.Spec.Template.Annotations[key] = value
	}
	s.Spec.Template.Spec.TimeoutSeconds = &timeout
	s.Spec.Template.Spec.Containers = []corev1.Container{{Image: nodeImage}}
	return s
}

// createOfUser creates a service and removes it at the end of the test.
func createOfUser(t *testing.T, api *ksvc.Client, s *servingv1.Service) {
	t.Helper()
	services := api.Serving.ServingV1().Services(api.Namespace)
	if _, err := services.Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		foreground := metav1.DeletePropagationForeground
		if err := services.Delete(ctx, s.Name, metav1.DeleteOptions{PropagationPolicy: &foreground}); err != nil {
			t.Error(err)
		}
		for ctx.Err() == nil {
			if _, err := services.Get(ctx, s.Name, metav1.GetOptions{}); apierrors.IsNotFound(err) {
				return
			}
			time.Sleep(200 * time.Millisecond)
		}
		t.Errorf("service %s is still there", s.Name)
	})
}

// awaitUsers waits until services are Ready.
func awaitUsers(t *testing.T, api *ksvc.Client, names ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, name := range names {
		for {
			s, err := api.Serving.ServingV1().Services(api.Namespace).Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				t.Fatalf("service %s is not Ready: %v", name, err)
			}
			if s.IsReady() && s.Status.ObservedGeneration == s.Generation {
				break
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
}

// splitTraffic gives a service a second revision, and each of the two half of the traffic.
func splitTraffic(t *testing.T, api *ksvc.Client, name string) {
	t.Helper()
	services := api.Serving.ServingV1().Services(api.Namespace)
	change := func(what func(*servingv1.Service)) {
		awaitUsers(t, api, name)
		s, err := services.Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		what(s)
		if _, err := services.Update(t.Context(), s, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	change(func(s *servingv1.Service) {
		s.Spec.Template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "SECOND", Value: "1"}}
	})
	half := int64(50)
	change(func(s *servingv1.Service) {
		s.Spec.Traffic = []servingv1.TrafficTarget{{RevisionName: name + "-00001", Percent: &half}, {RevisionName: name + "-00002", Percent: &half}}
	})
	awaitUsers(t, api, name)
}

// stateOf is what somebody can have changed of a service, as JSON: its metadata and its
// spec. Knative itself writes the status, and with each write a new resourceVersion and
// the time of it in managedFields.
func stateOf(t *testing.T, api *ksvc.Client, name string) string {
	t.Helper()
	s, err := api.Serving.ServingV1().Services(api.Namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.ResourceVersion, s.ManagedFields = "", nil
	text, err := json.Marshal(struct {
		Metadata metav1.ObjectMeta
		Spec     servingv1.ServiceSpec
	}{s.ObjectMeta, s.Spec})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// generationsOf are the generations of the deployments of a service at zero. A request
// that wakes it raises one.
func generationsOf(t *testing.T, api *ksvc.Client, service string) map[string]int64 {
	t.Helper()
	list, err := api.Kubernetes.AppsV1().Deployments(api.Namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "serving.knative.dev/service=" + service})
	if err != nil {
		t.Fatal(err)
	}
	generations := map[string]int64{}
	for _, d := range list.Items {
		generations[d.Name] = d.Generation
	}
	return generations
}
