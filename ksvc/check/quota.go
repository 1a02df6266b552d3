package check

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

var adviseRoom = ksvc.NewAdvice("raise the namespace's ResourceQuota, give each container what it demands, or name another namespace with --namespace")

// room is how many more instances a resource leaves room for.
type room struct {
	quota    string
	resource corev1.ResourceName
	// lacking is the container that does not say how much it needs, although the
	// quota demands it. No instance can be created then.
	lacking   string
	instances int
}

// checkQuota says how many instances the namespace's ResourceQuotas leave room for.
func checkQuota(ctx context.Context, r *reader) record.Check {
	quotas, err := r.resourceQuotas(ctx)
	if err != nil {
		return unread(err)
	}
	if len(quotas) == 0 {
		return ok("none in namespace %s", r.Namespace)
	}
	instances, err := r.instances(ctx)
	if err != nil {
		return unread(err)
	}
	ranges, _ := r.limitRanges(ctx) // a check has told why they cannot be read
	overhead := r.overhead(ctx)
	least := room{instances: math.MaxInt}
	for _, i := range instances {
		limited, _ := i.limited(ranges)
		for _, q := range quotas {
			for _, found := range r.rooms(limited, overhead, q) {
				if found.instances < least.instances || found.lacking != "" && least.lacking == "" {
					least = found
				}
			}
		}
	}
	switch {
	case least.lacking != "":
		return fail(adviseRoom, "no instance can be created: ResourceQuota %s counts %s, and %s does not say how much it needs", least.quota, least.resource, least.lacking)
	case least.instances <= 0:
		return fail(adviseRoom, "ResourceQuota %s leaves no room for an instance: %s is used up", least.quota, least.resource)
	case least.instances == math.MaxInt:
		return ok("none that bounds the number of instances")
	}
	return ok("%s leaves room for %d instances, by its %s", least.quota, least.instances, least.resource)
}

// rooms is what each resource of a quota leaves. A quota for certain pods only is not
// computed, nor is what is not known of instances whose spec the user wrote.
func (r *reader) rooms(i instance, overhead corev1.ResourceList, q corev1.ResourceQuota) []room {
	if len(q.Spec.Scopes) > 0 || q.Spec.ScopeSelector != nil {
		return nil
	}
	var found []room
	for _, name := range names(q.Spec.Hard) {
		each, lacking := i.counted(name, overhead)
		isCount := name == corev1.ResourcePods || name == "count/pods"
		if each.IsZero() && lacking == "" || r.needs.UserSpec && !isCount {
			continue
		}
		left := q.Spec.Hard[name].DeepCopy()
		left.Sub(q.Status.Used[name])
		one := room{quota: q.Name, resource: name, lacking: lacking}
		if lacking == "" {
			one.instances = int(math.Floor(left.AsApproximateFloat64()/each.AsApproximateFloat64() + 1e-9))
		}
		found = append(found, one)
	}
	return found
}

// overhead is the most that one of the run's RuntimeClasses adds to an instance.
func (r *reader) overhead(ctx context.Context) corev1.ResourceList {
	classes, _ := r.runtimeClasses(ctx) // a check has told why they cannot be read
	most := corev1.ResourceList{}
	for _, class := range classes {
		if class.Overhead == nil || !slices.Contains(r.needs.RuntimeClasses, class.Name) {
			continue
		}
		for name, quantity := range class.Overhead.PodFixed {
			if known := most[name]; quantity.Cmp(known) > 0 {
				most[name] = quantity
			}
		}
	}
	return most
}

// counted is how much of a quota's resource one instance takes. If a container of the
// instance does not say, it is the second result.
func (i instance) counted(name corev1.ResourceName, overhead corev1.ResourceList) (sum resource.Quantity, lacking string) {
	if name == corev1.ResourcePods || name == "count/pods" {
		return *resource.NewQuantity(1, resource.DecimalSI), ""
	}
	kind, of, isPrefixed := strings.Cut(string(name), ".")
	if !isPrefixed {
		kind, of = "requests", string(name)
	}
	if !slices.Contains(compute, corev1.ResourceName(of)) || kind != "requests" && kind != "limits" {
		return sum, ""
	}
	sum = overhead[corev1.ResourceName(of)].DeepCopy()
	for _, c := range i {
		list := c.requests
		if kind == "limits" {
			list = c.limits
		}
		quantity, given := list[corev1.ResourceName(of)]
		// The quota of ephemeral storage does not demand that a container names it.
		if !given && of != string(corev1.ResourceEphemeralStorage) {
			lacking = c.name
		}
		sum.Add(quantity)
	}
	return sum, lacking
}

// quotaLines are the namespace's ResourceQuotas, one line each. What is used of them is
// left out, because it changes during a run.
func (r *reader) quotaLines(ctx context.Context) ([]string, error) {
	quotas, err := r.resourceQuotas(ctx)
	if err != nil {
		return nil, err
	}
	lines := []string{}
	for _, q := range quotas {
		line := q.Name + ":" + listed("", q.Spec.Hard)
		for _, scope := range q.Spec.Scopes {
			line += " " + string(scope)
		}
		if q.Spec.ScopeSelector != nil {
			line += fmt.Sprintf(" and %d scope expressions", len(q.Spec.ScopeSelector.MatchExpressions))
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines, nil
}
