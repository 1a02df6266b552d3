package check

import (
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestDomain(t *testing.T) {
	tests := []struct {
		name    string
		domains map[string]string
		address bool // the user names the ingress' address
		verdict record.CheckVerdict
		message string
		hint    string
	}{
		{"a fresh Knative", nil, false, record.CheckFail, "no public domain is configured", "kubectl patch configmap config-domain"},
		{"only the example", map[string]string{"_example": "example.com: |"}, false, record.CheckFail, "no public domain", "Host header"},
		{"the cluster's own domain", map[string]string{"svc.cluster.local": ""}, false, record.CheckFail, "no public domain", "example.com"},
		{"a public domain for some services only", map[string]string{"a.org": "selector:\n  app: x\n"}, false, record.CheckFail, "no public domain", ""},
		{"private, with a given address", nil, true, record.CheckWarn, "private to the cluster", "port-forward"},
		{"a domain that nobody owns", map[string]string{"example.com": ""}, false, record.CheckOK, "domain example.com", ""},
		{"several", map[string]string{"svc.cluster.local": "selector: {app: y}", "b.org": "", "a.org": "selector: {app: x}"}, false, record.CheckOK, "domain b.org", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.configs["config-domain"] = test.domains
			if !test.address {
				// No gateway is found either, which is another check's affair: the ingress
				// of this class may tell its place later.
				b.needs.IngressAddress, b.configs["config-network"] = "", map[string]string{"ingress-class": "traefik.ingress.networking.knative.dev"}
			}
			b.wantCheck(t, "domain", test.verdict, test.message, test.hint)
		})
	}
}

func TestHTTPProtocol(t *testing.T) {
	tests := []struct {
		name    string
		network map[string]string
		scheme  string
		verdict record.CheckVerdict
		message string
		hint    string
	}{
		{"nothing set", nil, "", record.CheckOK, "over http", ""},
		{"redirected", map[string]string{"http-protocol": "Redirected"}, "", record.CheckFail, "redirect to https", "--scheme https"},
		{"redirected, with certificates", map[string]string{"http-protocol": "redirected", "external-domain-tls": "Enabled"}, "http", record.CheckFail, "redirect to https", "--ca-file"},
		{"no http at all", map[string]string{"http-protocol": "Disabled"}, "", record.CheckFail, "takes no requests over http", "--scheme https"},
		{"redirected, and asked over https", map[string]string{"http-protocol": "Redirected", "external-domain-tls": "Enabled"}, "https", record.CheckOK, "certificates", ""},
		{"https beside http", map[string]string{"external-domain-tls": "Enabled"}, "", record.CheckWarn, "URLs are https", "--scheme https"},
		{"by the older key", map[string]string{"auto-tls": "enabled"}, "", record.CheckWarn, "URLs are https", "--scheme https"},
		{"the newer key has precedence", map[string]string{"auto-tls": "enabled", "external-domain-tls": "disabled"}, "", record.CheckOK, "over http", ""},
		{"https without Knative's certificates", nil, "https", record.CheckWarn, "makes no certificates", "of its own"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.configs["config-network"], b.needs.Scheme = test.network, test.scheme
			b.wantCheck(t, "http-protocol", test.verdict, test.message, test.hint)
		})
	}
}
