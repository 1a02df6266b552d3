package check

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/ingress"
)

// preflight is what a run cannot do without.
var preflight = []check{
	{"api-server", true, checkAPIServer},
	{"knative-serving", true, checkKnative},
	{"namespace", true, checkNamespace},
	{"permissions", false, checkPermissions},
	{"runtime-class-feature", false, checkRuntimeClassFeature},
	{"runtime-classes", false, checkRuntimeClasses},
	{"zero-initial-scale", false, checkInitialScale},
	{"scale-to-zero", false, checkScaleToZero},
	{"revision-timeout", false, checkRevisionTimeout},
	{"domain", false, checkDomain},
	{"http-protocol", false, checkHTTPProtocol},
	{"pod-security", false, checkPodSecurity},
	{"limit-range", false, checkLimitRange},
	{"resource-quota", false, checkQuota},
	{"sidecars", false, checkSidecars},
	{"nodes", false, checkNodes},
	{"ingress", false, checkIngress},
}

var (
	adviseInstall  = ksvc.NewAdvice("install Knative Serving, or start the embedded node with `kn-coldstart cluster up`")
	adviseName     = ksvc.NewAdvice("name one with --namespace")
	adviseCreate   = ksvc.NewAdvice("create it with `kubectl create namespace %s`, or name another with --namespace")
	adviseWait     = ksvc.NewAdvice("wait until it is gone and create it anew, or name another")
	advisePatch    = ksvc.NewAdvice("kubectl patch configmap %s -n knative-serving --type merge -p '{\"data\":{\"%s\":\"%s\"}}'")
	adviseClasses  = ksvc.NewAdvice("RuntimeClasses there are: %s")
	adviseTimeout  = ksvc.NewAdvice("raise max-revision-timeout-seconds in ConfigMap knative-serving/config-defaults, or lower --client-timeout")
	adviseNoAdvice = ksvc.Advice{}
)

func checkAPIServer(ctx context.Context, r *reader) record.Check {
	v, err := r.serverVersion(ctx)
	if err != nil {
		return failed(err)
	}
	return ok("Kubernetes %s at %s", v.GitVersion, r.Server)
}

func checkKnative(ctx context.Context, r *reader) record.Check {
	served, err := ksvc.Ask(ctx, func() (*metav1.APIResourceList, error) {
		return r.Kubernetes.Discovery().ServerResourcesForGroupVersion(servingv1.SchemeGroupVersion.String())
	})
	if apierrors.IsNotFound(err) || err == nil && len(served.APIResources) == 0 {
		return fail(adviseInstall, "the cluster does not serve %s: Knative Serving is not installed", servingv1.SchemeGroupVersion)
	}
	if err != nil {
		return fail(adviseNoAdvice, "ask whether Knative Serving is installed: %v", err)
	}
	version, err := r.knativeVersion(ctx)
	if err != nil || version == "" {
		return ok("Knative Serving, version not readable")
	}
	return ok("Knative Serving %s", version)
}

func checkNamespace(ctx context.Context, r *reader) record.Check {
	if r.Namespace == "" {
		return fail(adviseName, "no namespace is given")
	}
	found, err := r.ownNamespace(ctx)
	switch {
	case apierrors.IsNotFound(err):
		return fail(adviseCreate.With(r.Namespace), "namespace %s does not exist", r.Namespace)
	case err != nil:
		return unread(err)
	case found.DeletionTimestamp != nil:
		return fail(adviseWait, "namespace %s is being deleted", r.Namespace)
	}
	return ok("namespace %s", r.Namespace)
}

// checkFlag looks at a setting that has to be a certain value.
func checkFlag(ctx context.Context, r *reader, configMap, key, fallback, wanted, why string) record.Check {
	value, err := r.setting(ctx, configMap, key, fallback)
	if err != nil {
		return unread(err)
	}
	if !strings.EqualFold(value, wanted) {
		return fail(advisePatch.With(configMap, key, wanted), "%s is %q in ConfigMap %s: %s", key, value, configMap, why)
	}
	return ok("%s is %s", key, value)
}

func checkRuntimeClassFeature(ctx context.Context, r *reader) record.Check {
	if len(r.needs.RuntimeClasses) == 0 {
		return ok("no RuntimeClass is asked for")
	}
	const key = "kubernetes.podspec-runtimeclassname"
	if value, err := r.setting(ctx, "config-features", key, "disabled"); err == nil && strings.EqualFold(value, "allowed") {
		return ok("%s is %s", key, value)
	}
	return checkFlag(ctx, r, "config-features", key, "disabled", "enabled", "Knative refuses services with a runtimeClassName")
}

func checkRuntimeClasses(ctx context.Context, r *reader) record.Check {
	classes, err := r.runtimeClasses(ctx)
	if err != nil {
		return unread(err)
	}
	var there, missing []string
	for _, c := range classes {
		there = append(there, c.Name)
	}
	for _, c := range r.needs.RuntimeClasses {
		if c != "" && !slices.Contains(there, c) {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		return fail(adviseClasses.With(cmp.Or(strings.Join(there, ", "), "none")), "RuntimeClass %s does not exist", strings.Join(missing, ", "))
	}
	return ok("RuntimeClasses there are: %s", cmp.Or(strings.Join(there, ", "), "none"))
}

func checkInitialScale(ctx context.Context, r *reader) record.Check {
	return checkFlag(ctx, r, "config-autoscaler", "allow-zero-initial-scale", "false", "true",
		"each service would start a first instance by itself, and leave it behind")
}

func checkScaleToZero(ctx context.Context, r *reader) record.Check {
	return checkFlag(ctx, r, "config-autoscaler", "enable-scale-to-zero", "true", "true",
		"no service would ever be cold again")
}

func checkRevisionTimeout(ctx context.Context, r *reader) record.Check {
	most, err := r.maxRevisionTimeout(ctx)
	if errors.As(err, new(*badSetting)) {
		return failed(err)
	}
	if err != nil {
		return unread(err)
	}
	if r.needs.ClientTimeout > most {
		return warn(adviseTimeout, "Knative answers 504 after %v at most, before the client's timeout of %v", most, r.needs.ClientTimeout)
	}
	return ok("a revision may take up to %v", most)
}

func checkIngress(ctx context.Context, r *reader) record.Check {
	found, err := r.findIngress(ctx)
	switch {
	case err == nil && found.Service == "":
		return ok("%s, at %s", found.Class, found.Address)
	case err == nil:
		return ok("%s, service %s at %s", found.Class, found.Service, found.Address)
	case ingress.MayComeLater(found, err):
		c := failed(err)
		c.Verdict, c.Message = record.CheckWarn, c.Message+"; it is looked for again once a first service is Ready"
		return c
	}
	return failed(err)
}
