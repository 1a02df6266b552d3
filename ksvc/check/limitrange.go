package check

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

var (
	adviseRange        = ksvc.NewAdvice("raise the LimitRange's bounds, ask for other resources, or name another namespace with --namespace")
	adviseRangeDefault = ksvc.NewAdvice("a limit of CPU slows the start of a container; set it in ConfigMap knative-serving/config-deployment for queue-proxy, and with --limit for the function, or measure in a namespace without the LimitRange")
)

// checkLimitRange says what the namespace's LimitRanges do to the run's instances. One
// that does not fit is refused by the API server, again and again, when its deployment
// wants to create it.
func checkLimitRange(ctx context.Context, r *reader) record.Check {
	ranges, err := r.limitRanges(ctx)
	if err != nil {
		return unread(err)
	}
	if len(ranges) == 0 {
		return ok("none in namespace %s", r.Namespace)
	}
	instances, err := r.instances(ctx)
	if err != nil {
		return unread(err)
	}
	var given, refused []string
	for _, i := range instances {
		limited, changes := i.limited(ranges)
		given = append(given, changes...)
		refused = append(refused, r.refusals(limited, ranges)...)
	}
	switch given, refused = distinctStrings(given), distinctStrings(refused); {
	case len(refused) > 0:
		return fail(adviseRange, "no instance can be created: %s", strings.Join(refused, "; "))
	case len(given) > 0:
		return warn(adviseRangeDefault, "%s", strings.Join(given, "; "))
	}
	return ok("the instances fit, and get nothing from it that they do not ask for")
}

func distinctStrings(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// limited is the instance with the defaults of LimitRanges, and what they gave to whom.
func (i instance) limited(ranges []corev1.LimitRange) (instance, []string) {
	var out instance
	var changes []string
	for _, c := range i {
		c = c.clone()
		for _, l := range ranges {
			for _, item := range l.Spec.Limits {
				if item.Type != corev1.LimitTypeContainer {
					continue
				}
				gained := listed(" requests", fillIn(c.requests, item.DefaultRequest)) + listed(" limits", fillIn(c.limits, item.Default))
				if gained != "" {
					changes = append(changes, fmt.Sprintf("%s gets%s from LimitRange %s", c.name, gained, l.Name))
				}
			}
		}
		out = append(out, c)
	}
	return out, changes
}

// fillIn adds the defaults that are not given, and returns them.
func fillIn(list, defaults corev1.ResourceList) corev1.ResourceList {
	gained := corev1.ResourceList{}
	for name, quantity := range defaults {
		if _, given := list[name]; !given {
			list[name], gained[name] = quantity, quantity
		}
	}
	return gained
}

// refusals are the reasons for which the API server would refuse an instance. Where the
// user wrote the spec, nothing is known of the whole instance.
func (r *reader) refusals(i instance, ranges []corev1.LimitRange) []string {
	var found []string
	for _, c := range i {
		for _, name := range names(c.limits) {
			if request, limit := c.requests[name], c.limits[name]; request.Cmp(limit) > 0 {
				found = append(found, fmt.Sprintf("%s requests %s of %s, which is above its limit of %s", c.name, request.String(), name, limit.String()))
			}
		}
	}
	for _, l := range ranges {
		for _, item := range l.Spec.Limits {
			subjects := []container(i)
			switch {
			case item.Type == corev1.LimitTypePod && !r.needs.UserSpec:
				subjects = []container{i.total()}
			case item.Type != corev1.LimitTypeContainer:
				continue
			}
			for _, c := range subjects {
				for _, reason := range c.outside(item) {
					found = append(found, fmt.Sprintf("%s in LimitRange %s", reason, l.Name))
				}
			}
		}
	}
	return found
}

// outside are the bounds of a LimitRange's item that a container does not keep.
func (c container) outside(item corev1.LimitRangeItem) []string {
	var found []string
	for _, name := range names(item.Min) {
		least := item.Min[name]
		if request, given := c.requests[name]; !given || request.Cmp(least) < 0 {
			found = append(found, fmt.Sprintf("%s requests %s of %s, and at least %s is demanded", c.name, quantityText(c.requests, name), name, least.String()))
		}
	}
	for _, name := range names(item.Max) {
		most := item.Max[name]
		if limit, given := c.limits[name]; !given || limit.Cmp(most) > 0 {
			found = append(found, fmt.Sprintf("%s has a limit of %s of %s, and at most %s is allowed", c.name, quantityText(c.limits, name), name, most.String()))
		}
	}
	for _, name := range names(item.MaxLimitRequestRatio) {
		most, request, limit := item.MaxLimitRequestRatio[name], c.requests[name], c.limits[name]
		if request.IsZero() || limit.AsApproximateFloat64() > request.AsApproximateFloat64()*most.AsApproximateFloat64() {
			found = append(found, fmt.Sprintf("%s has a limit of %s of %s that is more than %s times its request", c.name, quantityText(c.limits, name), name, most.String()))
		}
	}
	return found
}

func quantityText(list corev1.ResourceList, name corev1.ResourceName) string {
	q, given := list[name]
	if !given {
		return "none"
	}
	return q.String()
}

func names(list corev1.ResourceList) []corev1.ResourceName { return slices.Sorted(maps.Keys(list)) }

// limitRangeLines are the namespace's LimitRanges, one line for each of their items.
func (r *reader) limitRangeLines(ctx context.Context) ([]string, error) {
	ranges, err := r.limitRanges(ctx)
	if err != nil {
		return nil, err
	}
	lines := []string{}
	for _, l := range ranges {
		for _, item := range l.Spec.Limits {
			lines = append(lines, fmt.Sprintf("%s %s:", l.Name, item.Type)+cmp.Or(
				listed(" default", item.Default)+listed(" defaultRequest", item.DefaultRequest)+
					listed(" min", item.Min)+listed(" max", item.Max)+listed(" maxLimitRequestRatio", item.MaxLimitRequestRatio), " nothing"))
		}
	}
	slices.Sort(lines)
	return lines, nil
}
