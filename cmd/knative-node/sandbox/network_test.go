package sandbox

import (
	"net"
	"testing"
)

func TestOverlaps(t *testing.T) {
	ours := network(t, Range)
	for _, c := range []struct {
		route string
		want  bool
	}{
		{"0.0.0.0/0", false}, {"10.0.0.0/8", false}, {"198.17.0.0/16", false},
		{"198.18.0.0/30", true}, {"198.19.255.0/24", true}, {"198.0.0.0/8", true},
	} {
		t.Run(c.route, func(t *testing.T) {
			if got := overlaps(ours, network(t, c.route)); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestAddresses checks that all addresses are in the range that preflight looks for
// on the host, and that the ranges of pods and services do not overlap.
func TestAddresses(t *testing.T) {
	ours := network(t, Range)
	for _, ip := range []string{hostIP, NodeIP, DNSServiceIP, APIServiceIP} {
		if !ours.Contains(net.ParseIP(ip)) {
			t.Errorf("%s is not in %s", ip, Range)
		}
	}
	pods, services := network(t, PodCIDR), network(t, ServiceCIDR)
	if pods.Contains(services.IP) || services.Contains(pods.IP) {
		t.Errorf("%s and %s overlap", PodCIDR, ServiceCIDR)
	}
	if !services.Contains(net.ParseIP(DNSServiceIP)) {
		t.Errorf("%s is not in %s", DNSServiceIP, ServiceCIDR)
	}
}

func network(t *testing.T, cidr string) *net.IPNet {
	t.Helper()
	_, n, err := net.ParseCIDR(cidr)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
