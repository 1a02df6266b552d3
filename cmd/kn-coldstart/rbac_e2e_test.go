//go:build e2e

package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	authentication "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// account is the service account of these tests, in a namespace of each.
const account = "tester"

// granted makes a namespace, applies what rbac prints for it, changed by edit, and
// returns a kubeconfig of the service account and an administrator of the namespace.
func granted(t *testing.T, space string, edit *strings.Replacer) (kubeconfig string, admin *ksvc.Client) {
	t.Helper()
	admin = newSpace(t, space)
	r := kn(t, "rbac", "-n", space, "--service-account", account, "--traces", "--usage")
	if r.code != exitOK {
		t.Fatalf("exit code %d\n%s", r.code, r)
	}
	for document := range strings.SplitSeq(edit.Replace(r.stdout), "\n---\n") {
		apply(t, admin, []byte(document))
	}
	return accountKubeconfig(t, admin), admin
}

// newSpace makes a namespace, and returns an administrator of it.
func newSpace(t *testing.T, space string) *ksvc.Client {
	t.Helper()
	admin := client(t)
	admin.Namespace = space
	spaces := admin.Kubernetes.CoreV1().Namespaces()
	if _, err := spaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: space}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := spaces.Delete(context.Background(), space, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	return admin
}

// apply creates an object as kubectl does, which lets the API server refuse fields that
// it does not know, and removes it at the end of the test.
func apply(t *testing.T, admin *ksvc.Client, document []byte) {
	t.Helper()
	var object metav1.PartialObjectMetadata
	body, err := yaml.YAMLToJSON(document)
	if err == nil {
		err = json.Unmarshal(body, &object)
	}
	if err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	var server rest.Interface = admin.Kubernetes.RbacV1().RESTClient()
	switch object.APIVersion {
	case "v1":
		server = admin.Kubernetes.CoreV1().RESTClient()
	case "batch/v1":
		server = admin.Kubernetes.BatchV1().RESTClient()
	}
	resource, scoped := strings.ToLower(object.Kind)+"s", object.Namespace != ""
	err = server.Post().NamespaceIfScoped(object.Namespace, scoped).Resource(resource).Param("fieldValidation", "Strict").
		SetHeader("Content-Type", "application/json").Body(body).Do(t.Context()).Error()
	if err != nil {
		t.Fatalf("create %s %s: %v", object.Kind, object.Name, err)
	}
	t.Cleanup(func() {
		err := server.Delete().NamespaceIfScoped(object.Namespace, scoped).Resource(resource).Name(object.Name).Do(context.Background()).Error()
		if err != nil {
			t.Errorf("delete %s %s: %v", object.Kind, object.Name, err)
		}
	})
}

// accountKubeconfig writes one with a token of the service account.
func accountKubeconfig(t *testing.T, admin *ksvc.Client) string {
	t.Helper()
	accounts := admin.Kubernetes.CoreV1().ServiceAccounts(admin.Namespace)
	token, err := accounts.CreateToken(t.Context(), account, &authentication.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.LoadFromFile(filepath.Join(nodeStateDir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	config.AuthInfos = map[string]*api.AuthInfo{account: {Token: token.Status.Token}}
	for _, c := range config.Contexts {
		c.AuthInfo, c.Namespace = account, admin.Namespace
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// shortRun are flags of an experiment that is over soon.
var shortRun = []string{"--client-timeout", patient, "--image", nodeImage, "--runtime-class", "runc"}

// TestAsServiceAccount runs each command with nothing but what rbac grants.
func TestAsServiceAccount(t *testing.T) {
	t.Parallel()
	const space = "rbac-e2e"
	kubeconfig, admin := granted(t, space, strings.NewReplacer())
	service := userService("users-own", nil)
	*service.Spec.Template.Spec.TimeoutSeconds = 62 // longer than patient
	createOfUser(t, admin, service)
	awaitUsers(t, admin, service.Name)
	t.Run("together", func(t *testing.T) {
		for _, c := range []struct {
			name string
			args []string
			code int
		}{
			{"single", append([]string{"single", "--iterations", "1", "--services-per-class", "1"}, shortRun...), exitOK},
			{"existing service", []string{"single", "--iterations", "1", "--client-timeout", patient, "--service", service.Name}, exitOK},
			{"scale", append([]string{"scale", "--services", "2", "--deploy-rounds", "--initial-scale", "1", "--settle", "1s", "--stable-window", "6s"}, shortRun...), exitOK},
			{"ab", []string{"ab", "--runtime-class", "runc", "--image", nodeImage, "--max-blocks", "1", "--services-per-side", "1", "--percentile", "50"}, gate.ExitInconclusive},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				runAs(t, kubeconfig, c.code, c.args...)
			})
		}
	})
	t.Run("clean", func(t *testing.T) { wantAllowed(t, kn(t, "clean", "--kubeconfig", kubeconfig), exitOK) })
	t.Run("doctor", func(t *testing.T) { wantAllRead(t, kn(t, "doctor", "--kubeconfig", kubeconfig, "-o", "json")) })
	wantNothingLeftIn(t, space)
}

// TestTracesAsServiceAccount is for itself: the activator is restarted.
func TestTracesAsServiceAccount(t *testing.T) {
	kubeconfig, _ := granted(t, "rbac-e2e-traces", strings.NewReplacer())
	before := readObservability(t)
	args := []string{"single", "--iterations", "1", "--services-per-class", "1", "--traces", "--traces-address", nodeGateway + ":0"}
	runAs(t, kubeconfig, exitOK, append(args, shortRun...)...)
	wantNothingLeft(t)
	wantRestored(t, before)
}

// runAs makes a run with a kubeconfig, to its end.
func runAs(t *testing.T, kubeconfig string, code int, args ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.jsonl")
	wantAllowed(t, kn(t, append(args, "--kubeconfig", kubeconfig, "--run-file", file)...), code)
	wantFullRun(t, file)
}

// wantAllowed checks that a command was refused nothing.
func wantAllowed(t *testing.T, r result, code int) {
	t.Helper()
	if r.code != code || strings.Contains(r.String(), "forbidden") || strings.Contains(r.String(), "not allowed") {
		t.Fatalf("exit code %d, want %d\n%s", r.code, code, r)
	}
}

// wantFullRun checks that a run was made to its end and all its starts were watched.
func wantFullRun(t *testing.T, file string) {
	t.Helper()
	run, err := record.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if run.End == nil || run.End.Reason != record.EndCompleted || len(run.Samples) == 0 {
		t.Errorf("%d samples, end %+v", len(run.Samples), run.End)
	}
	if unread := run.Header.Cluster.Unread; len(unread) > 0 {
		t.Errorf("not read of the cluster: %v", unread)
	}
	for _, s := range run.Samples {
		wantProvenCold(t, s)
	}
	if run.Header.Shape.Rounds {
		wantDeployments(t, run)
	}
}

// wantAllRead checks that doctor was refused nothing.
func wantAllRead(t *testing.T, r result) {
	t.Helper()
	var checks []record.Check
	if err := json.Unmarshal([]byte(r.stdout), &checks); err != nil || r.code != exitOK {
		t.Fatalf("exit code %d, %v\n%s", r.code, err, r)
	}
	for _, c := range checks {
		if c.Verdict == record.CheckFail || strings.Contains(c.Message, "forbidden") {
			t.Errorf("check %s: %s: %s", c.Name, c.Verdict, c.Message)
		}
	}
}

// TestMissingPermission takes one verb away. The run ends before it creates anything, with
// a line that names the verb and a hint that grants it.
func TestMissingPermission(t *testing.T) {
	const follow, list = "resources: [\"pods\"]\n  verbs: [\"list\",\"watch\"]", "resources: [\"pods\"]\n  verbs: [\"list\"]"
	kubeconfig, _ := granted(t, "rbac-e2e-less", strings.NewReplacer(follow, list))
	r := kn(t, "single", "--runtime-class", "runc", "--image", nodeImage, "--iterations", "1", "--kubeconfig", kubeconfig,
		"--run-file", filepath.Join(t.TempDir(), "run.jsonl"))
	for _, line := range []string{
		"error: check permissions: not allowed to watch pods in rbac-e2e-less\n",
		"`kn-coldstart rbac -n rbac-e2e-less --service-account NAME | kubectl apply -f -`",
	} {
		if r.code != exitFailed || !strings.Contains(r.stderr, line) {
			t.Errorf("exit code %d, want %d and %q\n%s", r.code, exitFailed, line, r)
		}
	}
	wantNothingLeft(t)
}
