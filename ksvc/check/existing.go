package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/serving/pkg/apis/autoscaling"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// Keys of the autoscaler's ConfigMap.
const (
	classKey    = "pod-autoscaler-class"
	minScaleKey = "min-scale"
)

// existingPreflight is what a run cannot do without that measures existing services. It
// creates none, so that nothing is asked about what would be created. A check of each
// service follows.
var existingPreflight = []check{
	{"api-server", true, checkAPIServer},
	{"knative-serving", true, checkKnative},
	{"namespace", true, checkNamespace},
	{"permissions", false, checkPermissions},
	{"scale-to-zero", false, checkScaleToZero},
	{"http-protocol", false, checkHTTPProtocol},
	{"sidecars", false, checkSidecars},
	{"nodes", false, checkNodes},
	{"ingress", false, checkIngress},
}

// preflight are the checks that the run needs: those of the services that it measures, and then
// those of what else it needs.
func (r *reader) preflight() []check {
	checks := slices.Clone(preflight)
	if len(r.needs.Services) > 0 {
		checks = r.existingPreflight()
	}
	if r.needs.Native {
		checks = append(checks, check{"native", false, checkNative})
	}
	if r.needs.Workers.Count > 0 {
		checks = append(checks, check{"workers", false, checkWorkers})
	}
	return checks
}

// existingPreflight are the checks of a run that measures existing services.
func (r *reader) existingPreflight() []check {
	checks := slices.Clone(existingPreflight)
	for _, name := range r.needs.Services {
		checks = append(checks, check{"service " + name, false, func(ctx context.Context, r *reader) record.Check {
			return checkService(ctx, r, name)
		}})
	}
	return checks
}

var (
	adviseThere     = ksvc.NewAdvice("services there are: %s; or name another namespace with --namespace")
	adviseOurs      = ksvc.NewAdvice("name a service of your own; `kn-coldstart clean` removes what an earlier run left")
	adviseReady     = ksvc.NewAdvice("see `kubectl describe ksvc %s -n %s`, and measure once it is Ready")
	adviseTraffic   = ksvc.NewAdvice("kubectl patch ksvc %s -n %s --type merge -p '{\"spec\":{\"traffic\":[{\"latestRevision\":true,\"percent\":100}]}}' sends all traffic to the latest revision; or make a service of its own for each revision and measure those")
	adviseMinScale  = ksvc.NewAdvice("set the annotation " + autoscaling.MinScaleAnnotationKey + ": \"0\" in a copy of the service that may scale to zero, and measure that")
	adviseOwnScaler = ksvc.NewAdvice("measure a copy of the service without the annotation " + autoscaling.ClassAnnotationKey)
	advisePrivate   = ksvc.NewAdvice("give the address of the ingress' gateway inside the cluster, for example of a `kubectl port-forward` to it, with --ingress-address")
	adviseAnswer    = ksvc.NewAdvice("lower --client-timeout below what the service may take, so that it is the client who gives up")
)

// service is one of the existing services that the run measures.
func (r *reader) service(ctx context.Context, name string) (*servingv1.Service, error) {
	service := r.services[name]
	if service == nil {
		service = &once[*servingv1.Service]{}
		r.services[name] = service
	}
	return service.get(func() (*servingv1.Service, error) {
		return r.Serving.ServingV1().Services(r.Namespace).Get(ctx, name, metav1.GetOptions{})
	})
}

// checkService looks at whether a service can be measured as it is: whether it has one
// revision, which is Ready and scales to zero.
func checkService(ctx context.Context, r *reader, name string) record.Check {
	s, err := r.service(ctx, name)
	if apierrors.IsNotFound(err) {
		return fail(adviseThere.With(r.serviceNames(ctx)), "service %s does not exist in namespace %s", name, r.Namespace)
	}
	if err != nil {
		return fail(adviseNoAdvice, "read service %s/%s: %v", r.Namespace, name, err)
	}
	for _, refuse := range []func(context.Context, *servingv1.Service) record.Check{r.refuseState, r.refuseTraffic, r.refuseScaling} {
		if c := refuse(ctx, s); c.Verdict != "" {
			return c
		}
	}
	found, err := r.describeService(ctx, s)
	if err != nil {
		return fail(adviseNoAdvice, "find out when service %s returns to zero: %v", name, err)
	}
	if found.Timeout < r.needs.ClientTimeout {
		return warn(adviseAnswer, "Knative answers 504 after the %v that service %s may take, before the client's timeout of %v", found.Timeout, name, r.needs.ClientTimeout)
	}
	return ok("revision %s of class %s has all traffic; it has no use for its last pod %v after a request", found.Revision, found.RuntimeClass, found.ScaledDown())
}

// serviceNames are those of the services that there are.
func (r *reader) serviceNames(ctx context.Context) string {
	list, err := r.Serving.ServingV1().Services(r.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "not readable"
	}
	var there []string
	for _, s := range list.Items {
		there = append(there, s.Name)
	}
	return cmp.Or(strings.Join(there, ", "), "none")
}

// refuseState refuses a service that is not the user's, not Ready, or cannot be reached
// from outside. The zero check stands for a service that can be measured.
func (r *reader) refuseState(_ context.Context, s *servingv1.Service) record.Check {
	ready := s.Status.GetCondition(servingv1.ServiceConditionReady)
	switch {
	case s.Labels[ksvc.LabelManagedBy] == ksvc.ManagedBy:
		return fail(adviseOurs, "service %s was created by a run of kn-coldstart, which will delete it", s.Name)
	case s.DeletionTimestamp != nil:
		return fail(adviseReady.With(s.Name, s.Namespace), "service %s is being deleted", s.Name)
	case s.Status.ObservedGeneration != s.Generation:
		return fail(adviseReady.With(s.Name, s.Namespace), "service %s is not Ready: Knative has not taken in its latest change", s.Name)
	case ready == nil:
		return fail(adviseReady.With(s.Name, s.Namespace), "service %s is not Ready: it has no conditions yet", s.Name)
	case !ready.IsTrue():
		return fail(adviseReady.With(s.Name, s.Namespace), "service %s is not Ready: %s", s.Name, strings.TrimSpace(ready.Reason+" "+ready.Message))
	case s.Status.URL == nil:
		return fail(adviseReady.With(s.Name, s.Namespace), "service %s has no URL", s.Name)
	case strings.HasSuffix(s.Status.URL.Host, "."+clusterDomain) && r.needs.IngressAddress == "":
		return fail(advisePrivate, "service %s is private to the cluster: the ingress does not know it", s.Name)
	}
	return record.Check{}
}

// refuseTraffic refuses a service whose requests do not all go to its latest revision.
// Of others it cannot be said which revision a request will wake.
func (r *reader) refuseTraffic(_ context.Context, s *servingv1.Service) record.Check {
	latest := s.Status.LatestReadyRevisionName
	shares := map[string]int64{}
	var order []string
	for _, t := range s.Status.Traffic {
		if t.Percent == nil || *t.Percent == 0 {
			continue // a tag, which has a host of its own
		}
		if shares[t.RevisionName] == 0 {
			order = append(order, t.RevisionName)
		}
		shares[t.RevisionName] += *t.Percent
	}
	switch {
	case len(order) == 1 && order[0] == latest:
		return record.Check{}
	case len(order) == 0:
		return fail(adviseReady.With(s.Name, s.Namespace), "service %s does not say which revision has its traffic", s.Name)
	case len(order) == 1:
		return fail(adviseTraffic.With(s.Name, s.Namespace), "service %s sends its traffic to revision %s, not to its latest one, %s", s.Name, order[0], latest)
	}
	for i, name := range order {
		order[i] = fmt.Sprintf("%d %% to %s", shares[name], name)
	}
	return fail(adviseTraffic.With(s.Name, s.Namespace), "service %s splits its traffic over several revisions: %s", s.Name, strings.Join(order, ", "))
}

// refuseScaling refuses a service that never returns to zero.
func (r *reader) refuseScaling(ctx context.Context, s *servingv1.Service) record.Check {
	class, where, err := r.scaling(ctx, s, autoscaling.ClassAnnotation, classKey, autoscaling.KPA)
	if err == nil && class != autoscaling.KPA {
		return fail(adviseOwnScaler, "%s of service %s is %q: that autoscaler does not scale to zero", where, s.Name, class)
	}
	least, where, errScale := r.scaling(ctx, s, autoscaling.MinScaleAnnotation, minScaleKey, "0")
	if err := errors.Join(err, errScale); err != nil {
		return fail(adviseNoAdvice, "find out whether service %s scales to zero: %v", s.Name, err)
	}
	if n, err := strconv.Atoi(least); err != nil || n > 0 {
		return fail(adviseMinScale, "%s of service %s is %q: it always has an instance, and no start is cold", where, s.Name, least)
	}
	return record.Check{}
}
