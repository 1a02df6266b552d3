package check

import (
	"context"
	"maps"
	"slices"
	"strings"

	netconfig "knative.dev/networking/pkg/config"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// clusterDomain is the domain that Knative uses where none is configured. The names in
// it are known inside the cluster only. A cluster may have another name for itself than
// cluster.local. There, an empty config-domain is recognised too, but not one that has
// this other name.
const clusterDomain = "svc.cluster.local"

var (
	adviseDomain = ksvc.NewAdvice("kubectl patch configmap config-domain -n knative-serving --type merge -p '{\"data\":{\"example.com\":\"\"}}' (any name does, and it need not be in the DNS: requests carry it in their Host header)")
	adviseInside = ksvc.NewAdvice("the address must be that of the ingress' gateway inside the cluster, for example of a `kubectl port-forward` to it; or set a domain in ConfigMap knative-serving/config-domain")
)

// checkDomain looks at whether services are public. Knative as it is first installed has
// no domain. Then the gateway that is open to the outside knows no service, and answers
// each request with 404.
func checkDomain(ctx context.Context, r *reader) record.Check {
	data, err := r.config(ctx, ksvc.DomainConfig)
	if err != nil {
		return unread(err)
	}
	domain := defaultDomain(data)
	switch {
	case domain != clusterDomain:
		return ok("services are in domain %s; requests name it in their Host header, so the DNS need not know it", domain)
	case r.needs.IngressAddress != "":
		return warn(adviseInside, "no public domain is configured: services are private to the cluster")
	}
	return fail(adviseDomain, "no public domain is configured: services are private to the cluster, and its ingress does not know them")
}

// defaultDomain is the domain of a service that no selector of config-domain names. Of
// several, Knative takes the first by name.
func defaultDomain(data map[string]string) string {
	for _, domain := range slices.Sorted(maps.Keys(data)) {
		var options struct {
			Selector map[string]string `json:"selector"`
		}
		if err := yaml.Unmarshal([]byte(data[domain]), &options); err == nil && len(options.Selector) == 0 {
			return domain
		}
	}
	return clusterDomain
}

var (
	adviseHTTPS       = ksvc.NewAdvice("use --scheme https, with --ca-file FILE for the certificate authority of the ingress; or set http-protocol: enabled in ConfigMap knative-serving/config-network")
	adviseURLs        = ksvc.NewAdvice("users of these services send requests over https; measure with --scheme https to see what they see")
	adviseCertificate = ksvc.NewAdvice("requests fail in the TLS handshake unless the ingress has a certificate of its own")
)

// checkHTTPProtocol looks at whether the ingress takes requests of the run's scheme.
func checkHTTPProtocol(ctx context.Context, r *reader) record.Check {
	protocol, err := r.setting(ctx, netconfig.ConfigMapName, netconfig.HTTPProtocolKey, "enabled")
	if err != nil {
		return unread(err)
	}
	protocol = strings.ToLower(protocol)
	secured := r.externalTLS(ctx)
	switch overHTTPS := r.needs.Scheme == record.HTTPS; {
	case !overHTTPS && protocol == "redirected":
		return fail(adviseHTTPS, "http-protocol is redirected in ConfigMap config-network: the ingress answers requests over http with a redirect to https")
	case !overHTTPS && protocol == "disabled":
		return fail(adviseHTTPS, "http-protocol is disabled in ConfigMap config-network: the ingress takes no requests over http")
	case !overHTTPS && secured:
		return warn(adviseURLs, "external-domain-tls is enabled: the services' URLs are https, and requests are sent over http")
	case !overHTTPS:
		return ok("the ingress takes requests over http")
	case !secured:
		return warn(adviseCertificate, "external-domain-tls is not enabled: Knative makes no certificates for services")
	}
	return ok("the ingress has certificates for the services")
}

// externalTLS says whether Knative has certificates made for public domains. The
// newer of the two keys has precedence.
func (r *reader) externalTLS(ctx context.Context) bool {
	older, _ := r.setting(ctx, netconfig.ConfigMapName, netconfig.AutoTLSKey, "disabled")
	value, _ := r.setting(ctx, netconfig.ConfigMapName, netconfig.ExternalDomainTLSKey, older)
	return strings.EqualFold(value, "enabled")
}
