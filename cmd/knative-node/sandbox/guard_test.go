package sandbox

import (
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// enterNetwork moves the test to a new network namespace, whose file it returns. The
// thread ends with the test.
func enterNetwork(t *testing.T) *os.File {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("new namespaces need root")
	}
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	namespace, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { namespace.Close() })
	lo, err := netlink.LinkByName("lo")
	must(t, err)
	must(t, netlink.LinkSetUp(lo))
	return namespace
}

// must fails the test at once.
func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// addPairOf joins the present namespace to another one.
func addPairOf(t *testing.T, here, there string, other *os.File) {
	t.Helper()
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: here}, PeerName: there, PeerNamespace: netlink.NsFd(int(other.Fd()))}))
}

// answers says whether a connection to an address is made from this thread's namespace.
// The thread must not change, so the socket is made by hand.
func answers(t *testing.T, ip string, port int) bool {
	t.Helper()
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, err)
	defer unix.Close(socket)
	wait := unix.NsecToTimeval(int64(time.Second))
	must(t, unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &wait))
	return unix.Connect(socket, &unix.SockaddrInet4{Port: port, Addr: [4]byte(net.ParseIP(ip).To4())}) == nil
}

// A host, its node and a neighbour machine that routes the node's addresses to the
// host, each in a network namespace.
//
//	neighbour 192.0.2.2 ── 192.0.2.1 host 198.18.0.1 ── 198.18.0.2 node
func TestANeighbourReachesNothing(t *testing.T) {
	host := enterNetwork(t)
	must(t, os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644))
	neighbour := enterNetwork(t)
	addPairOf(t, "eth0", "eth0", host)
	must(t, setAddress("eth0", "192.0.2.2"))
	must(t, netlink.RouteAdd(&netlink.Route{Dst: mustParse(t, Range), Gw: net.ParseIP("192.0.2.1")}))
	node := enterNetwork(t)
	addPairOf(t, nodeLink, hostLink, host)
	must(t, setAddress(nodeLink, NodeIP), netlink.RouteAdd(&netlink.Route{Gw: net.ParseIP(hostIP)}))
	nodePort := listen(t, NodeIP)

	enter(t, host)
	must(t, setAddress("eth0", "192.0.2.1"), setAddress(hostLink, hostIP))
	hostPort := listen(t, hostIP)
	from := func(namespace *os.File, wantHost, wantNode bool) {
		t.Helper()
		enter(t, namespace)
		defer enter(t, host)
		if got := answers(t, hostIP, hostPort); got != wantHost {
			t.Errorf("%s answers: %v, want %v", hostIP, got, wantHost)
		}
		if got := answers(t, NodeIP, nodePort); got != wantNode {
			t.Errorf("%s answers: %v, want %v", NodeIP, got, wantNode)
		}
	}
	before := ruleList(t)
	from(neighbour, true, true)
	must(t, addGuard())
	from(neighbour, false, false)
	from(host, true, true)
	from(node, true, true)
	must(t, RemoveGuard(), RemoveGuard())
	from(neighbour, true, true)
	if after := ruleList(t); after != before {
		t.Errorf("rules are left:\n%s", after)
	}
}

func mustParse(t *testing.T, cidr string) *net.IPNet {
	t.Helper()
	_, network, err := net.ParseCIDR(cidr)
	must(t, err)
	return network
}

func enter(t *testing.T, namespace *os.File) {
	t.Helper()
	must(t, unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET))
}

// listen listens in this thread's namespace until the test ends, and returns the port.
func listen(t *testing.T, ip string) int {
	t.Helper()
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, err)
	t.Cleanup(func() { unix.Close(socket) })
	must(t, unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte(net.ParseIP(ip).To4())}), unix.Listen(socket, 16))
	bound, err := unix.Getsockname(socket)
	must(t, err)
	return bound.(*unix.SockaddrInet4).Port
}

func ruleList(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("iptables", "-w", "-t", "raw", "-S").CombinedOutput()
	must(t, err)
	return strings.TrimSpace(string(out))
}
