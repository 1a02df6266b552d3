package leftout

import (
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/leftout/dns"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/leftout/ecs"
)

// TestSaysSo checks that who asks for what is left out is told.
func TestSaysSo(t *testing.T) {
	_, err := dns.NewDNSChallengeProviderByName("route53")
	for part, err := range map[string]error{
		"route53": err,
		"ecs":     new(ecs.Provider).Init(),
	} {
		if err == nil || !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), "left out") {
			t.Errorf("%s: error %v", part, err)
		}
	}
}
