package leftout

import (
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/leftout/dns"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/leftout/ecs"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/leftout/plugins"
)

// TestSaysSo checks that who asks for what is left out is told.
func TestSaysSo(t *testing.T) {
	builder, err := plugins.NewBuilder(nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, service := dns.NewDNSChallengeProviderByName("route53")
	_, middleware := builder.Build("demo", nil, "demo")
	_, provider := builder.BuildProvider("demo", nil)
	for part, err := range map[string]error{
		"DNS service":          service,
		"ecs":                  new(ecs.Provider).Init(),
		"plugin as handler":    middleware,
		"plugin as a provider": provider,
	} {
		if err == nil || !strings.Contains(err.Error(), "left out") {
			t.Errorf("%s: error %v", part, err)
		}
	}
}
