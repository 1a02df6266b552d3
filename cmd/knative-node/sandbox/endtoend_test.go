package sandbox

import (
	"net"
	"os"
	"testing"

	"github.com/vishvananda/netlink"
)

// A machine beside the host reaches nothing of a node that is up, nor what listens at the
// host's address of the node, as the receiver of traces does. Environment as in the
// end-to-end tests of the program.
func TestEndToEndANeighbourReachesNothing(t *testing.T) {
	if os.Getenv("KN_COLDSTART_E2E_KUBECONFIG") == "" {
		t.Skip("KN_COLDSTART_E2E_KUBECONFIG names no node")
	}
	host, err := os.Open("/proc/thread-self/ns/net")
	must(t, err)
	defer host.Close()
	neighbour := enterNetwork(t)
	addPairOf(t, "eth0", "kn-neighbour0", host)
	must(t, setAddress("eth0", "203.0.113.2"))
	must(t, netlink.RouteAdd(&netlink.Route{Dst: mustParse(t, Range), Gw: net.ParseIP("203.0.113.1")}))
	enter(t, host)
	defer enter(t, host)
	must(t, setAddress("kn-neighbour0", "203.0.113.1"))
	control, receiver := listen(t, "203.0.113.1"), listen(t, hostIP)
	nodePorts := []int{80, 443, 2379, 6443, 10250}
	for _, port := range []int{80, 6443} {
		if !answers(t, NodeIP, port) {
			t.Errorf("the host does not reach port %d of the node", port)
		}
	}
	enter(t, neighbour)
	for tries := 0; !answers(t, "203.0.113.1", control); tries++ { // a new link needs a moment
		if tries == 10 {
			t.Fatal("the neighbour does not reach the host at all")
		}
	}
	for _, ip := range []string{hostIP, NodeIP} {
		for _, port := range append(nodePorts, receiver) {
			if answers(t, ip, port) {
				t.Errorf("%s:%d answers a neighbour", ip, port)
			}
		}
	}
	for _, service := range []string{APIServiceIP, DNSServiceIP} {
		if answers(t, service, 443) || answers(t, service, 53) {
			t.Errorf("%s answers a neighbour", service)
		}
	}
}
