package check

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// quantities are pairs of a resource and how much of it.
func quantities(pairs ...string) corev1.ResourceList {
	list := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		list[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return list
}

func newLimitRange(items ...corev1.LimitRangeItem) *corev1.LimitRange {
	return &corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Name: "range", Namespace: ksvctest.Space},
		Spec:       corev1.LimitRangeSpec{Limits: items},
	}
}

func newQuota(hard, used corev1.ResourceList) *corev1.ResourceQuota {
	return &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "quota", Namespace: ksvctest.Space},
		Spec:       corev1.ResourceQuotaSpec{Hard: hard}, Status: corev1.ResourceQuotaStatus{Used: used},
	}
}

// asks makes the function's container ask for CPU.
func asks(b *bench, request, limit string) {
	b.needs.Containers = []record.ContainerResources{{Requests: map[string]string{"cpu": request}, Limits: map[string]string{"cpu": limit}}}
}

func TestLimitRange(t *testing.T) {
	containers := func(change func(*corev1.LimitRangeItem)) *corev1.LimitRange {
		item := corev1.LimitRangeItem{Type: corev1.LimitTypeContainer}
		change(&item)
		return newLimitRange(item)
	}
	tests := []struct {
		name    string
		limits  *corev1.LimitRange
		spoil   func(*bench)
		verdict record.CheckVerdict
		message string
		hint    string
	}{
		{"bounds that are kept", containers(func(i *corev1.LimitRangeItem) { i.Min = quantities("cpu", "1m") }), func(b *bench) { asks(b, "10m", "") }, record.CheckOK, "fit", ""},
		{"a default limit for both", containers(func(i *corev1.LimitRangeItem) { i.Default = quantities("cpu", "500m", "memory", "1Gi") }), nil, record.CheckWarn,
			"queue-proxy gets limits cpu=500m,memory=1Gi from LimitRange range; the function's container gets limits cpu=500m,memory=1Gi", "--limit"},
		{"a default for queue-proxy only", containers(func(i *corev1.LimitRangeItem) { i.Default = quantities("cpu", "500m") }), func(b *bench) { asks(b, "10m", "1") }, record.CheckWarn,
			"queue-proxy gets limits cpu=500m", "--limit"},
		{"a default for the user's spec", containers(func(i *corev1.LimitRangeItem) { i.DefaultRequest = quantities("memory", "1Mi") }), func(b *bench) { b.needs.UserSpec = true }, record.CheckWarn,
			"queue-proxy gets requests memory=1Mi", ""},
		{"no default where all is set", containers(func(i *corev1.LimitRangeItem) { i.Default = quantities("cpu", "500m") }), func(b *bench) {
			b.configs["config-deployment"] = map[string]string{"queue-sidecar-cpu-limit": "1"}
			b.configs["config-defaults"] = map[string]string{"revision-cpu-limit": "1"}
		}, record.CheckOK, "fit", ""},
		{"a maximum below the limit", containers(func(i *corev1.LimitRangeItem) {
			i.Max, i.Default = quantities("cpu", "500m"), quantities("cpu", "500m")
		}), func(b *bench) { asks(b, "10m", "2") }, record.CheckFail,
			"the function's container has a limit of 2 of cpu, and at most 500m is allowed in LimitRange range", "--namespace"},
		{"a default limit below the request", containers(func(i *corev1.LimitRangeItem) { i.Default = quantities("cpu", "500m") }), func(b *bench) {
			b.needs.Containers = []record.ContainerResources{{}, {Requests: map[string]string{"cpu": "2"}}}
		}, record.CheckFail, "the function's container requests 2 of cpu, which is above its limit of 500m", ""},
		{"a minimum above queue-proxy's request", containers(func(i *corev1.LimitRangeItem) { i.Min = quantities("cpu", "50m") }), func(b *bench) { asks(b, "1", "") }, record.CheckFail,
			"queue-proxy requests 25m of cpu, and at least 50m is demanded", ""},
		{"a limit too far from the request", containers(func(i *corev1.LimitRangeItem) { i.MaxLimitRequestRatio = quantities("cpu", "10") }), func(b *bench) {
			asks(b, "10m", "1")
			b.configs["config-deployment"] = map[string]string{"queue-sidecar-cpu-limit": "100m"}
		}, record.CheckFail, "the function's container has a limit of 1 of cpu that is more than 10 times its request", ""},
		{"a maximum for the whole instance", newLimitRange(corev1.LimitRangeItem{Type: corev1.LimitTypePod, Max: quantities("cpu", "1")}), func(b *bench) {
			asks(b, "10m", "800m")
			b.configs["config-deployment"] = map[string]string{"queue-sidecar-cpu-limit": "300m"}
		}, record.CheckFail, "an instance has a limit of 1100m of cpu, and at most 1 is allowed", ""},
		{"a volume's bounds", newLimitRange(corev1.LimitRangeItem{Type: corev1.LimitTypePersistentVolumeClaim, Max: quantities("storage", "1")}), nil, record.CheckOK, "fit", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.objects = append(b.objects, test.limits)
			if test.spoil != nil {
				test.spoil(b)
			}
			b.wantCheck(t, "limit-range", test.verdict, test.message, test.hint)
		})
	}
}

func TestQuota(t *testing.T) {
	tests := []struct {
		name    string
		quota   *corev1.ResourceQuota
		spoil   func(*bench)
		verdict record.CheckVerdict
		message string
	}{
		{"pods", newQuota(quantities("pods", "10", "services", "1"), quantities("pods", "3", "services", "1")), nil, record.CheckOK, "quota leaves room for 7 instances, by its pods"},
		{"CPU of both containers", newQuota(quantities("requests.cpu", "1"), nil), func(b *bench) { asks(b, "75m", "") }, record.CheckOK, "room for 10 instances, by its requests.cpu"},
		{"CPU by its short name, with the RuntimeClass's overhead", newQuota(quantities("cpu", "1"), nil), func(b *bench) {
			asks(b, "75m", "")
			b.classes = nil
			b.objects = append(b.objects, &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "runc"}, Overhead: &nodev1.Overhead{PodFixed: quantities("cpu", "100m")}})
		}, record.CheckOK, "room for 5 instances, by its cpu"},
		{"a limit that stands for a request", newQuota(quantities("requests.cpu", "1"), nil), func(b *bench) { asks(b, "", "475m") }, record.CheckOK, "room for 2 instances"},
		{"nothing left", newQuota(quantities("pods", "3"), quantities("pods", "3")), nil, record.CheckFail, "quota leaves no room for an instance: pods is used up"},
		{"a limit is demanded", newQuota(quantities("limits.memory", "1Gi"), nil), nil, record.CheckFail, "counts limits.memory, and queue-proxy does not say how much it needs"},
		{"a limit is demanded, and a LimitRange gives it", newQuota(quantities("limits.memory", "1Gi"), nil), func(b *bench) {
			b.objects = append(b.objects, newLimitRange(corev1.LimitRangeItem{Type: corev1.LimitTypeContainer, Default: quantities("memory", "128Mi")}))
		}, record.CheckOK, "room for 4 instances"},
		{"the user's spec is not known", newQuota(quantities("requests.cpu", "1m", "pods", "2"), nil), func(b *bench) { b.needs.UserSpec = true }, record.CheckOK, "room for 2 instances, by its pods"},
		{"other things", newQuota(quantities("secrets", "0"), nil), nil, record.CheckOK, "none that bounds"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.objects = append(b.objects, test.quota)
			if test.spoil != nil {
				test.spoil(b)
			}
			b.wantCheck(t, "resource-quota", test.verdict, test.message, "")
		})
	}
}

func TestQuotaForCertainPodsIsNotComputed(t *testing.T) {
	b := newBench(t)
	q := newQuota(quantities("pods", "0"), nil)
	q.Spec.Scopes = []corev1.ResourceQuotaScope{corev1.ResourceQuotaScopeBestEffort}
	b.objects = append(b.objects, q)
	b.wantCheck(t, "resource-quota", record.CheckOK, "none that bounds", "")
}

func TestLinesOfLimits(t *testing.T) {
	q := newQuota(quantities("pods", "10", "requests.cpu", "4"), quantities("pods", "3"))
	q.Spec.Scopes = []corev1.ResourceQuotaScope{corev1.ResourceQuotaScopeNotBestEffort}
	f := ksvctest.NewFakes(q, newLimitRange(corev1.LimitRangeItem{
		Type: corev1.LimitTypeContainer, Default: quantities("memory", "1Gi", "cpu", "1"), DefaultRequest: quantities("cpu", "10m"), Max: quantities("cpu", "2"),
	}))
	r := newReader(f.Client, record.Needs{})
	ranges, err := r.limitRangeLines(t.Context())
	if diff := cmp.Diff([]string{"range Container: default cpu=1,memory=1Gi defaultRequest cpu=10m max cpu=2"}, ranges); diff != "" || err != nil {
		t.Errorf("LimitRanges: %v\n%s", err, diff)
	}
	quotas, err := r.quotaLines(t.Context())
	if diff := cmp.Diff([]string{"quota: pods=10,requests.cpu=4 NotBestEffort"}, quotas); diff != "" || err != nil {
		t.Errorf("ResourceQuotas: %v\n%s", err, diff)
	}
}
