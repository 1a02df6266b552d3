package ksvc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
)

// apiTimeout bounds the first contact with the API server.
const apiTimeout = 10 * time.Second

// preflightChecks are what a run cannot do without.
var preflightChecks = []check{
	{"api-server", true, checkAPIServer},
	{"knative-serving", true, checkKnative},
	{"namespace", true, checkNamespace},
	{"permissions", false, checkPermissions},
	{"runtime-class-feature", false, checkRuntimeClassFeature},
	{"runtime-classes", false, checkRuntimeClasses},
	{"zero-initial-scale", false, checkInitialScale},
	{"scale-to-zero", false, checkScaleToZero},
	{"revision-timeout", false, checkRevisionTimeout},
	{"ingress", false, checkIngress},
}

// Preflight looks at everything that a run needs, without changing anything.
func (c *Client) Preflight(ctx context.Context, o CheckOptions) []Check {
	s := &survey{Client: c, options: o, configs: map[string]configRead{}}
	return s.run(ctx, preflightChecks)
}

func checkAPIServer(ctx context.Context, s *survey) Check {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	hint := "check that the cluster runs and that --kubeconfig and --context name it"
	// Discovery takes no context, so the wait for it is bounded here.
	answer := make(chan Check, 1)
	go func() {
		v, err := s.Kubernetes.Discovery().ServerVersion()
		if err != nil {
			answer <- fail(hint, "API server %s cannot be reached: %v", s.Server, cause(err))
			return
		}
		answer <- ok("Kubernetes %s at %s", v.GitVersion, s.Server)
	}()
	select {
	case found := <-answer:
		return found
	case <-ctx.Done():
		return fail(hint, "API server %s did not answer within %v", s.Server, apiTimeout)
	}
}

func checkKnative(ctx context.Context, s *survey) Check {
	served, err := s.Kubernetes.Discovery().ServerResourcesForGroupVersion(servingv1.SchemeGroupVersion.String())
	if apierrors.IsNotFound(err) || err == nil && len(served.APIResources) == 0 {
		return fail("install Knative Serving, or start the embedded node with `kn-coldstart cluster up`",
			"the cluster does not serve %s: Knative Serving is not installed", servingv1.SchemeGroupVersion)
	}
	if err != nil {
		return fail("", "ask whether Knative Serving is installed: %v", err)
	}
	version, err := s.knativeVersion(ctx)
	if err != nil || version == "" {
		return ok("Knative Serving, version not readable")
	}
	return ok("Knative Serving %s", version)
}

func checkNamespace(ctx context.Context, s *survey) Check {
	if s.Namespace == "" {
		return fail("name one with --namespace", "no namespace is given")
	}
	found, err := s.Kubernetes.CoreV1().Namespaces().Get(ctx, s.Namespace, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return fail("create it with `kubectl create namespace "+s.Namespace+"`, or name another with --namespace",
			"namespace %s does not exist", s.Namespace)
	case err != nil:
		return unread(err)
	case found.DeletionTimestamp != nil:
		return fail("wait until it is gone and create it anew, or name another", "namespace %s is being deleted", s.Namespace)
	}
	return ok("namespace %s", s.Namespace)
}

// checkFlag looks at a setting that has to be a certain value.
func checkFlag(ctx context.Context, s *survey, configMap, key, fallback, wanted, why string) Check {
	value, err := s.setting(ctx, configMap, key, fallback)
	if err != nil {
		return unread(err)
	}
	if !strings.EqualFold(value, wanted) {
		return fail(fmt.Sprintf("kubectl patch configmap %s -n %s --type merge -p '{\"data\":{\"%s\":\"%s\"}}'", configMap, systemNamespace, key, wanted),
			"%s is %q in ConfigMap %s: %s", key, value, configMap, why)
	}
	return ok("%s is %s", key, value)
}

func checkRuntimeClassFeature(ctx context.Context, s *survey) Check {
	if len(s.options.Classes) == 0 {
		return ok("no RuntimeClass is asked for")
	}
	const key = "kubernetes.podspec-runtimeclassname"
	if value, err := s.setting(ctx, "config-features", key, "disabled"); err == nil && strings.EqualFold(value, "allowed") {
		return ok("%s is %s", key, value)
	}
	return checkFlag(ctx, s, "config-features", key, "disabled", "enabled", "Knative refuses services with a runtimeClassName")
}

func checkRuntimeClasses(ctx context.Context, s *survey) Check {
	classes, err := s.classes(ctx)
	if err != nil {
		return unread(err)
	}
	var there, missing []string
	for _, c := range classes {
		there = append(there, c.Name)
	}
	for _, c := range s.options.Classes {
		if c != "" && !slices.Contains(there, c) {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		return fail("RuntimeClasses there are: "+cmp.Or(strings.Join(there, ", "), "none"),
			"RuntimeClass %s does not exist", strings.Join(missing, ", "))
	}
	return ok("RuntimeClasses there are: %s", cmp.Or(strings.Join(there, ", "), "none"))
}

func checkInitialScale(ctx context.Context, s *survey) Check {
	return checkFlag(ctx, s, "config-autoscaler", "allow-zero-initial-scale", "false", "true",
		"each service would start a first instance by itself, and leave it behind")
}

func checkScaleToZero(ctx context.Context, s *survey) Check {
	return checkFlag(ctx, s, "config-autoscaler", "enable-scale-to-zero", "true", "true",
		"no service would ever be cold again")
}

func checkRevisionTimeout(ctx context.Context, s *survey) Check {
	value, err := s.setting(ctx, "config-defaults", maxRevisionTimeoutKey, defaultMaxRevisionTimeout)
	if err != nil {
		return unread(err)
	}
	most, err := parseRevisionTimeout(value)
	if err != nil {
		return fail("", "%v", err)
	}
	if s.options.ClientTimeout > most {
		return warn("raise max-revision-timeout-seconds in ConfigMap knative-serving/config-defaults, or lower --client-timeout",
			"Knative answers 504 after %v at most, before the client's timeout of %v", most, s.options.ClientTimeout)
	}
	return ok("a revision may take up to %v", most)
}

// hasFixedPlace says whether an ingress' gateway is always where its own
// installation puts it, so that not finding it there means that it is missing.
func hasFixedPlace(class string) bool {
	_, known := defaultGateways[class]
	return known && class != traefikClass && class != gatewayAPIClass
}

func checkIngress(ctx context.Context, s *survey) Check {
	found, err := s.FindIngress(ctx, "", s.options.IngressAddress)
	if err == nil {
		if found.Service == "" {
			return ok("%s, at %s", found.Class, found.Address)
		}
		return ok("%s, service %s at %s", found.Class, found.Service, found.Address)
	}
	if errors.Is(err, errNoGateway) && !hasFixedPlace(found.Class) {
		return warn(Hint(err), "%v; it becomes known with the first service, if the ingress tells", err)
	}
	return fail(Hint(err), "%v", err)
}
