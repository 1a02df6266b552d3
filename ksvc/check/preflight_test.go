package check

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	authorization "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// bench is a cluster on which every check passes, to be spoilt by a test.
type bench struct {
	configs   map[string]map[string]string
	classes   []string
	namespace bool
	labels    map[string]string // of the namespace
	notes     map[string]string // its annotations
	objects   []runtime.Object  // further ones
	knative   bool
	denied    []string // verb resource
	address   string
	needs     record.Needs
}

func newBench(t *testing.T) *bench {
	address, _ := ksvctest.Listen(t)
	return &bench{
		configs: map[string]map[string]string{
			"config-features":      {"kubernetes.podspec-runtimeclassname": "enabled"},
			"config-autoscaler":    {"allow-zero-initial-scale": "true", "scale-to-zero-grace-period": "1s"},
			"config-defaults":      {},
			"config-deployment":    {},
			"config-observability": {},
			"config-network":       {},
			"config-domain":        {"example.com": ""},
		},
		classes: []string{"gvisor", "runc"}, namespace: true, knative: true, address: address,
		needs: record.Needs{RuntimeClasses: []string{"runc"}, ClientTimeout: 100 * time.Second, IngressAddress: address},
	}
}

func (b *bench) fakes() *ksvctest.Fakes {
	var objects []runtime.Object
	for _, name := range slices.Sorted(maps.Keys(b.configs)) {
		objects = append(objects, ksvctest.NewConfigMap(name, b.configs[name]))
	}
	for _, name := range b.classes {
		objects = append(objects, &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Handler: name})
	}
	if b.namespace {
		objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ksvctest.Space, Labels: b.labels, Annotations: b.notes}})
	}
	objects = append(objects, b.objects...)
	objects = append(objects, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
		Name: "controller", Namespace: ksvc.SystemNamespace, Labels: map[string]string{labelVersion: "1.50.0"},
	}})
	f := ksvctest.NewFakes(objects...)
	if b.knative {
		f.Kube.Resources = []*metav1.APIResourceList{{GroupVersion: "serving.knative.dev/v1", APIResources: []metav1.APIResource{{Name: "services"}}}}
	}
	f.Kube.PrependReactor("create", "selfsubjectaccessreviews", func(a clienttesting.Action) (bool, runtime.Object, error) {
		review := a.(clienttesting.CreateAction).GetObject().(*authorization.SelfSubjectAccessReview)
		asked := review.Spec.ResourceAttributes.Verb + " " + review.Spec.ResourceAttributes.Resource
		review.Status.Allowed = !slices.Contains(b.denied, asked)
		return true, review, nil
	})
	return f
}

// checkCase is a cluster that is spoilt in one way, and what one check has to say of it.
type checkCase struct {
	name    string
	spoil   func(*bench)
	check   string
	verdict record.CheckVerdict
	message string
	hint    string
}

func (c checkCase) run(t *testing.T) {
	b := newBench(t)
	c.spoil(b)
	b.wantCheck(t, c.check, c.verdict, c.message, c.hint)
}

func TestPreflight(t *testing.T) {
	tests := []checkCase{
		{"Knative missing", func(b *bench) { b.knative = false }, "knative-serving", record.CheckFail, "not installed", "install Knative"},
		{"namespace missing", func(b *bench) { b.namespace = false }, "namespace", record.CheckFail, "namespace bench does not exist", "kubectl create namespace bench"},
		{"not permitted", func(b *bench) { b.denied = []string{"create services", "list nodes"} }, "permissions", record.CheckFail,
			"not allowed to create services.serving.knative.dev in bench; list nodes in the cluster", "kn-coldstart rbac -n bench --service-account"},
		{"traces not permitted but not wanted", func(b *bench) { b.denied = []string{"patch configmaps"} }, "permissions", record.CheckOK, "all 36", ""},
		{"traces not permitted", func(b *bench) { b.denied, b.needs.Traces = []string{"patch configmaps"}, true }, "permissions", record.CheckFail,
			"patch configmaps/config-observability in knative-serving", "rbac -n bench --traces --service-account"},
		{"feature off", func(b *bench) { b.configs["config-features"] = nil }, "runtime-class-feature", record.CheckFail, "is \"disabled\"",
			"kubectl patch configmap config-features -n knative-serving"},
		{"feature off, not needed", func(b *bench) { b.configs["config-features"], b.needs.RuntimeClasses = nil, nil }, "runtime-class-feature", record.CheckOK, "no RuntimeClass", ""},
		{"class missing", func(b *bench) { b.needs.RuntimeClasses = []string{"runc", "kata"} }, "runtime-classes", record.CheckFail, "RuntimeClass kata does not exist", "gvisor, runc"},
		{"initial scale", func(b *bench) { b.configs["config-autoscaler"] = nil }, "zero-initial-scale", record.CheckFail, "allow-zero-initial-scale", "config-autoscaler"},
		{"never to zero", func(b *bench) { b.configs["config-autoscaler"]["enable-scale-to-zero"] = "false" }, "scale-to-zero", record.CheckFail, "enable-scale-to-zero", ""},
		{"long timeout", func(b *bench) { b.needs.ClientTimeout = time.Hour }, "revision-timeout", record.CheckWarn, "504 after 10m0s", "--client-timeout"},
		{"ConfigMap missing", func(b *bench) { delete(b.configs, "config-defaults") }, "revision-timeout", record.CheckUnread, "config-defaults", ""},
		{"ingress", func(b *bench) { b.needs.IngressAddress = "127.0.0.1:1" }, "ingress", record.CheckFail, "connect to ingress address", "--ingress-address"},
		{"ingress for workers", func(b *bench) {
			b.needs.Workers.Count, b.objects = 1, append(b.objects, &corev1.Node{})
		}, "ingress", record.CheckFail, "a worker would reach only its own pod", "--in-cluster"},
		{"ingress nowhere to be found", func(b *bench) {
			b.needs.IngressAddress, b.configs["config-network"] = "", map[string]string{"ingress-class": "traefik.ingress.networking.knative.dev"}
		}, "ingress", record.CheckWarn, "no gateway found", "--ingress-address"},
		{"gateway missing", func(b *bench) {
			b.needs.IngressAddress, b.configs["config-network"] = "", map[string]string{"ingress-class": "kourier.ingress.networking.knative.dev"}
		}, "ingress", record.CheckFail, "no gateway found", "--ingress-address"},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}

// wantCheck makes a survey, of which one check has to be as wanted, and no other may
// fail.
func (b *bench) wantCheck(t *testing.T, name string, verdict record.CheckVerdict, message, hint string) {
	t.Helper()
	survey, _ := Survey(t.Context(), b.fakes().Client, b.needs)
	made := false
	for _, c := range survey.Checks {
		made = made || c.Name == name
		switch {
		case c.Name != name && c.Verdict == record.CheckFail:
			t.Errorf("check %s fails, too: %s", c.Name, c.Message)
		case c.Name == name && (c.Verdict != verdict || !strings.Contains(c.Message, message) || !strings.Contains(c.Hint, hint)):
			t.Errorf("check = %+v, want %s %q, hint %q", c, verdict, message, hint)
		}
	}
	if !made {
		t.Errorf("check %s was not made", name)
	}
}

func TestSurveyPassesAndChangesNothing(t *testing.T) {
	b := newBench(t)
	b.configs["config-defaults"]["max-revision-timeout-seconds"] = "1200"
	f := b.fakes()
	found, err := Survey(t.Context(), f.Client, b.needs)
	if err != nil || len(found.Checks) != len(preflight) {
		t.Errorf("%d checks, %v, want all %d to pass", len(found.Checks), err, len(preflight))
	}
	read := map[string]int{}
	for _, a := range slices.Concat(f.Kube.Actions(), f.Serving.Actions(), f.Networking.Actions()) {
		if v := a.GetVerb(); v != "get" && v != "list" && a.GetResource().Resource != "selfsubjectaccessreviews" {
			t.Errorf("the survey did %s %s", v, a.GetResource().Resource)
		}
		name := ""
		if get, is := a.(clienttesting.GetAction); is {
			name = get.GetName()
		}
		read[strings.TrimSpace(a.GetVerb()+" "+a.GetResource().Resource+" "+name)]++
	}
	for _, once := range []string{"list runtimeclasses", "list nodes", "list deployments", "get version", "get configmaps config-autoscaler", "get configmaps config-defaults", "get configmaps config-network", "get configmaps config-domain", "get configmaps config-deployment", "get namespaces bench", "list limitranges", "list resourcequotas"} {
		if read[once] != 1 {
			t.Errorf("%s: %d times, want once", once, read[once])
		}
	}
	found.Checks, found.Cluster = nil, record.Fingerprint{}
	want := record.Survey{
		Handlers: map[string]string{"gvisor": "gvisor", "runc": "runc"}, IngressAddress: b.address,
		GracePeriod: time.Second, MaxRevisionTimeout: 20 * time.Minute,
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("survey (-want +got):\n%s", diff)
	}
}

// An ingress that tells its place with the first service keeps no run from starting.
func TestSurveyWithoutAnAddress(t *testing.T) {
	b := newBench(t)
	b.needs.IngressAddress, b.configs["config-network"] = "", map[string]string{"ingress-class": "traefik.ingress.networking.knative.dev"}
	found, err := Survey(t.Context(), b.fakes().Client, b.needs)
	if err != nil || found.IngressAddress != "" || found.Cluster.IngressClass != "traefik.ingress.networking.knative.dev" {
		t.Errorf("Survey = address %q, class %q, %v, want no address and no error", found.IngressAddress, found.Cluster.IngressClass, err)
	}
}

func TestSurveyWarnsOfWhatItCannotRead(t *testing.T) {
	b := newBench(t)
	b.configs["config-autoscaler"]["scale-to-zero-grace-period"] = "soon"
	f := b.fakes()
	ksvctest.Refuse(&f.Kube.Fake, "list", "nodes", errors.New("nodes are hidden"))
	found, err := Survey(t.Context(), f.Client, b.needs)
	if err != nil {
		t.Fatal(err)
	}
	want := []record.Check{
		{Name: "fingerprint", Verdict: record.CheckWarn, Message: "the cluster's fingerprint is incomplete: read nodes: nodes are hidden"},
		{Name: "scale-to-zero-grace-period", Verdict: record.CheckUnread, Message: `read scale-to-zero-grace-period: time: invalid duration "soon"`},
	}
	if diff := cmp.Diff(want, found.Checks[len(preflight):]); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
	if found.GracePeriod != defaultGracePeriod || found.Cluster.Knative != "1.50.0" {
		t.Errorf("grace period %v, Knative %q, want Knative's default and what can be read", found.GracePeriod, found.Cluster.Knative)
	}
}

func TestSurveyWithoutAPIServer(t *testing.T) {
	c, err := ksvc.Connect(ksvc.Kubeconfig{Path: ksvctest.Kubeconfig(t, "https://127.0.0.1:1")})
	if err != nil {
		t.Fatal(err)
	}
	found, err := Survey(t.Context(), c, record.Needs{})
	if len(found.Checks) != 1 || found.Checks[0].Verdict != record.CheckFail || !strings.Contains(found.Checks[0].Message, "https://127.0.0.1:1 cannot be reached") {
		t.Errorf("checks = %+v, want one that fails and no other", found.Checks)
	}
	if ksvc.Hint(err) == "" {
		t.Errorf("Survey = %v, want a hint", err)
	}
}

// An API server that takes packets and never answers.
func TestDoctorOnASilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := ksvctest.Silent(t)
		began := time.Now()
		found := Doctor(t.Context(), c, record.Needs{})
		want := []record.Check{{Name: "api-server", Verdict: record.CheckFail, Message: "API server https://silent did not answer within 8s",
			Hint: "check that the cluster runs and that --kubeconfig and --context name it"}}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("checks (-want +got):\n%s", diff)
		}
		if waited := time.Since(began); waited != ksvc.ContactLimit {
			t.Errorf("it took %v, want %v", waited, ksvc.ContactLimit)
		}
	})
}

func TestDoctor(t *testing.T) {
	b := newBench(t)
	b.configs["config-observability"] = map[string]string{"tracing-protocol": "grpc", "tracing-sampling-rate": "0.5"}
	b.configs["config-defaults"] = map[string]string{"enable-service-links": "true"}
	b.configs["config-deployment"] = map[string]string{"queue-sidecar-cpu-limit": "100m", "progress-deadline": "10s"}
	b.configs["config-autoscaler"]["scale-to-zero-grace-period"] = "30s"
	want := map[string]record.CheckVerdict{
		"existing-services": record.CheckOK, "leftovers": record.CheckOK, "service-links": record.CheckWarn, "queue-proxy-resources": record.CheckWarn,
		"activator-in-path": record.CheckOK, "scale-to-zero-grace-period": record.CheckWarn, "stable-window": record.CheckOK, "tracing": record.CheckWarn,
		"progress-deadline": record.CheckWarn, "kube-proxy-sync-period": record.CheckUnread, "cpu-governor": record.CheckUnread, "cpu-boost": record.CheckUnread,
	}
	got := map[string]record.CheckVerdict{}
	for _, c := range Doctor(t.Context(), b.fakes().Client, b.needs)[len(preflight):] {
		got[c.Name] = c.Verdict
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func TestFailed(t *testing.T) {
	err := Failed([]record.Check{
		{Name: "a", Verdict: record.CheckWarn, Message: "m", Hint: "h"},
		{Name: "b", Verdict: record.CheckFail, Message: "broken", Hint: "mend it"},
		{Name: "c", Verdict: record.CheckFail, Message: "too", Hint: "and this"},
	})
	if err == nil || err.Error() != "check b: broken\ncheck c: too" || ksvc.Hint(err) != "mend it" {
		t.Errorf("Failed = %v, hint %q", err, ksvc.Hint(err))
	}
	if !errors.As(err, new(interface{ Hint() string })) || Failed(nil) != nil {
		t.Error("no hint, or an error out of nothing")
	}
}
