package check

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"knative.dev/pkg/apis"
	duckv1 "knative.dev/pkg/apis/duck/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// shop is a service of a user's that can be measured.
func shop(change func(*servingv1.Service)) *servingv1.Service {
	s := &servingv1.Service{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: ksvctest.Space, Generation: 3}}
	s.Spec.Template.Annotations = map[string]string{}
	s.Spec.Template.Spec.Containers = []corev1.Container{{Image: "registry/sidecar:1"}, {Image: "registry/shop:1", Ports: []corev1.ContainerPort{{ContainerPort: 8080}}}}
	s.Status.ObservedGeneration = 3
	s.Status.URL = &apis.URL{Scheme: "http", Host: "shop.bench.example.com"}
	s.Status.LatestReadyRevisionName = "shop-00002"
	s.Status.Conditions = duckv1.Conditions{{Type: apis.ConditionReady, Status: corev1.ConditionTrue}}
	s.Status.Traffic = []servingv1.TrafficTarget{traffic("shop-00002", 100), {RevisionName: "shop-00001", Tag: "old"}}
	change(s)
	return s
}

func traffic(revision string, percent int64) servingv1.TrafficTarget {
	return servingv1.TrafficTarget{RevisionName: revision, Percent: &percent}
}

// ofShop is a bench with the service, to be measured as it is.
func ofShop(b *bench, change func(*servingv1.Service)) {
	b.objects = append(b.objects, shop(change))
	b.needs = record.Needs{Services: []string{"shop"}, ClientTimeout: 100 * time.Second, IngressAddress: b.address}
}

// Who creates no services needs a lease all the same if there are workers.
func TestWhatExistingServicesNeed(t *testing.T) {
	for workers, want := range map[int][]string{0: nil, 2: {"jobs", "leases", "pods/proxy", "secrets"}} {
		created := map[string]bool{}
		for _, a := range needed("bench", record.Needs{Services: []string{"shop"}, Workers: record.Workers{Count: workers}}) {
			if a.verb == "create" {
				created[a.resource] = true
			}
		}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(created))); diff != "" {
			t.Errorf("%d workers: the run creates (-want +got):\n%s", workers, diff)
		}
	}
}

// Workers, and what runs natively, are looked at beside what is measured, and in place of none
// of it.
func TestPreflightList(t *testing.T) {
	names := func(checks []check) (all []string) {
		for _, c := range checks {
			all = append(all, c.name)
		}
		return all
	}
	created, existing := names(preflight), append(names(existingPreflight), "service shop", "service till")
	for name, c := range map[string]struct {
		needs record.Needs
		want  []string
	}{
		"plain":                     {record.Needs{}, created},
		"native":                    {record.Needs{Native: true}, append(slices.Clone(created), "native")},
		"workers":                   {record.Needs{Workers: record.Workers{Count: 2}}, append(slices.Clone(created), "workers")},
		"existing":                  {record.Needs{Services: []string{"shop", "till"}}, existing},
		"existing ones and workers": {record.Needs{Services: []string{"shop", "till"}, Workers: record.Workers{Count: 2}}, append(slices.Clone(existing), "workers")},
	} {
		if diff := cmp.Diff(c.want, names(newReader(nil, c.needs).preflight())); diff != "" {
			t.Errorf("%s: checks (-want +got):\n%s", name, diff)
		}
	}
}

func TestExistingServices(t *testing.T) {
	changed := func(change func(*servingv1.Service)) func(*bench) {
		return func(b *bench) { ofShop(b, change) }
	}
	annotated := func(name, value string) func(*bench) {
		return changed(func(s *servingv1.Service) { s.Spec.Template.Annotations[name] = value })
	}
	set := func(key, value string) func(*bench) {
		return func(b *bench) {
			ofShop(b, func(*servingv1.Service) {})
			b.configs["config-autoscaler"][key] = value
		}
	}
	const name = "service shop"
	tests := []checkCase{
		{"as it should be", changed(func(*servingv1.Service) {}), name, record.CheckOK, "revision shop-00002 of class default has all traffic", ""},
		{"another is missing", func(b *bench) {
			ofShop(b, func(*servingv1.Service) {})
			b.needs.Services = []string{"shop", "nosuch"}
		}, "service nosuch", record.CheckFail, "service nosuch does not exist in namespace bench", "services there are: shop;"},
		{"not Ready", changed(func(s *servingv1.Service) {
			s.Status.Conditions[0] = apis.Condition{Type: apis.ConditionReady, Status: corev1.ConditionFalse, Reason: "RevisionFailed", Message: "no image"}
		}), name, record.CheckFail, "is not Ready: RevisionFailed no image", "kubectl describe ksvc shop -n bench"},
		{"no conditions", changed(func(s *servingv1.Service) { s.Status.Conditions = nil }), name, record.CheckFail, "is not Ready: it has no conditions yet", ""},
		{"just changed", changed(func(s *servingv1.Service) { s.Generation = 4 }), name, record.CheckFail, "not taken in its latest change", ""},
		{"being deleted", changed(func(s *servingv1.Service) { s.DeletionTimestamp = &metav1.Time{Time: time.Now()} }), name, record.CheckFail, "is being deleted", ""},
		{"of another run", changed(func(s *servingv1.Service) { s.Labels = ksvctest.Labels("other") }), name, record.CheckFail, "was created by a run of kn-coldstart", "kn-coldstart clean"},
		{"private", changed(func(s *servingv1.Service) { s.Status.URL.Host = "shop.bench.svc.cluster.local" }), name, record.CheckOK, "has all traffic", ""},
		{"split traffic", changed(func(s *servingv1.Service) {
			s.Status.Traffic = []servingv1.TrafficTarget{traffic("shop-00001", 10), traffic("shop-00002", 85), traffic("shop-00001", 5)}
		}), name, record.CheckFail, "splits its traffic over several revisions: 15 % to shop-00001, 85 % to shop-00002", "kubectl patch ksvc shop -n bench"},
		{"pinned to an old revision", changed(func(s *servingv1.Service) { s.Status.Traffic[0].RevisionName = "shop-00001" }), name, record.CheckFail, "to revision shop-00001, not to its latest one, shop-00002", "latestRevision"},
		{"no traffic", changed(func(s *servingv1.Service) { s.Status.Traffic = nil }), name, record.CheckFail, "does not say which revision has its traffic", ""},
		{"min-scale", annotated("autoscaling.knative.dev/min-scale", "1"), name, record.CheckFail, `annotation autoscaling.knative.dev/min-scale of service shop is "1"`, "in a copy of the service"},
		{"min-scale, as it was spelt", annotated("autoscaling.knative.dev/minScale", "2"), name, record.CheckFail, `autoscaling.knative.dev/minScale of service shop is "2"`, ""},
		{"min-scale of the cluster", set("min-scale", "1"), name, record.CheckFail, `min-scale in ConfigMap config-autoscaler of service shop is "1"`, ""},
		{"min-scale zero over the cluster's", func(b *bench) {
			annotated("autoscaling.knative.dev/min-scale", "0")(b)
			b.configs["config-autoscaler"]["min-scale"] = "1"
		}, name, record.CheckOK, "has all traffic", ""},
		{"another autoscaler", annotated("autoscaling.knative.dev/class", "hpa.autoscaling.knative.dev"), name, record.CheckFail, "does not scale to zero", "without the annotation"},
		{"a setting that makes no sense", set("scale-down-delay", "soon"), name, record.CheckFail, "read scale-down-delay in ConfigMap config-autoscaler", ""},
		{"short timeout", changed(func(s *servingv1.Service) { s.Spec.Template.Spec.TimeoutSeconds = new(int64) }), name, record.CheckWarn, "504", "--client-timeout"},
		{"cluster never scales to zero", set("enable-scale-to-zero", "false"), "scale-to-zero", record.CheckFail, "enable-scale-to-zero", ""},
		{"not allowed to create", func(b *bench) {
			ofShop(b, func(*servingv1.Service) {})
			b.denied = []string{"create services", "delete services"}
		}, "permissions", record.CheckOK, "all 29", ""},
		{"not allowed to read", func(b *bench) {
			ofShop(b, func(*servingv1.Service) {})
			b.denied = []string{"get services"}
		}, "permissions", record.CheckFail, "get services.serving.knative.dev in bench", ""},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}

// A private service needs an address inside the cluster.
func TestAPrivateServiceIsNotFoundFromOutside(t *testing.T) {
	b := newBench(t)
	ofShop(b, func(s *servingv1.Service) { s.Status.URL.Host = "shop.bench.svc.cluster.local" })
	b.needs.IngressAddress, b.configs["config-network"] = "", map[string]string{"ingress-class": "traefik.ingress.networking.knative.dev"}
	b.wantCheck(t, "service shop", record.CheckFail, "service shop is private to the cluster", "--ingress-address")
}

// A survey tells what of an existing service a run has to know: its own settings, and the
// cluster's where it has none.
func TestSurveyDescribesExistingServices(t *testing.T) {
	gvisor, timeout := "gvisor", int64(20)
	own := shop(func(s *servingv1.Service) {
		s.Name = "own"
		s.Spec.Template.Annotations = map[string]string{
			"autoscaling.knative.dev/window": "40s", "autoscaling.knative.dev/scale-down-delay": "1m",
			"autoscaling.knative.dev/scale-to-zero-pod-retention-period": "2m5s",
		}
		s.Spec.Template.Spec.RuntimeClassName, s.Spec.Template.Spec.TimeoutSeconds = &gvisor, &timeout
	})
	b := newBench(t)
	ofShop(b, func(*servingv1.Service) {})
	b.objects = append(b.objects, runtime.Object(own))
	b.needs.Services = []string{"own", "shop"}
	b.configs["config-autoscaler"] = map[string]string{"stable-window": "90s", "scale-to-zero-grace-period": "7s", "scale-to-zero-pod-retention-period": "3s"}
	b.configs[ksvc.DefaultsConfig] = map[string]string{"revision-timeout-seconds": "200"}
	found, err := Survey(t.Context(), b.fakes().Client, b.needs)
	if err != nil {
		t.Fatal(err)
	}
	want := []record.ExistingService{
		{Name: "own", RuntimeClass: "gvisor", Revision: "shop-00002", Image: "registry/shop:1", StableWindow: 40 * time.Second,
			ScaleDownDelay: time.Minute, GracePeriod: 7 * time.Second, PodRetention: 125 * time.Second, Timeout: 20 * time.Second},
		{Name: "shop", RuntimeClass: "default", Revision: "shop-00002", Image: "registry/shop:1", StableWindow: 90 * time.Second,
			GracePeriod: 7 * time.Second, PodRetention: 3 * time.Second, Timeout: 200 * time.Second},
	}
	if diff := cmp.Diff(want, found.Services); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	for i, want := range []time.Duration{225 * time.Second, 97 * time.Second} {
		if got := found.Services[i].ScaledDown(); got != want {
			t.Errorf("%s is scaled down after %v, want %v", found.Services[i].Name, got, want)
		}
	}
}
