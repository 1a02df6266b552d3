package sandbox

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Addresses of the node. They are in the range that is reserved for benchmarking
// networks (RFC 2544) and that is routed nowhere.
const (
	Range       = "198.18.0.0/15"
	NodeIP      = "198.18.0.2"
	PodCIDR     = "198.18.16.0/20"
	ServiceCIDR = "198.18.32.0/20"
	// APIServiceIP is the address of the Service "kubernetes", DNSServiceIP that of
	// the Service "kube-dns".
	APIServiceIP = "198.18.32.1"
	DNSServiceIP = "198.18.32.10"

	// A pair of virtual interfaces joins the host and the sandbox.
	hostLink = "kn-node0"
	hostIP   = "198.18.0.1"
	nodeLink = "node0"
	linkBits = 30
)

// sysctls are settings that every network namespace has for itself: the host's stay
// as they are. limits holds those that the host and the sandbox share.
var sysctls = map[string]string{
	"net/ipv4/ip_forward":                "1",
	"net/ipv4/conf/all/route_localnet":   "1",
	"net/bridge/bridge-nf-call-iptables": "1",
}

// setUpNetwork joins the sandbox to the host by a pair of interfaces.
func setUpNetwork() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	if err := addPair(); err != nil {
		return err
	}
	for key, value := range sysctls {
		if err := os.WriteFile("/proc/sys/"+key, []byte(value), 0o644); err != nil {
			return err
		}
	}
	for _, rule := range rules {
		if err := run("iptables", append([]string{"-w"}, rule...)...); err != nil {
			return err
		}
	}
	return nil
}

// rules are packet-filter rules of the sandbox. The first lets packets in only from
// the host itself. The second gives packets to the host the node's address as their
// sender, because the host has no route to the pods' addresses. The others refuse
// connections to the address of a service that kube-proxy has not yet written rules for.
// Without them the first packet of such a connection is lost, and so are its repetitions,
// because the kernel keeps on treating them like the first: the client waits for half a
// minute or longer, although the service is there after a second.
var rules = [][]string{
	{"-t", "raw", "-A", "PREROUTING", "-i", nodeLink, "!", "-s", hostIP, "-j", "DROP"},
	{"-t", "nat", "-A", "POSTROUTING", "-o", nodeLink, "!", "-s", NodeIP, "-j", "MASQUERADE"},
	{"-A", "OUTPUT", "-p", "tcp", "-d", ServiceCIDR, "-j", "REJECT", "--reject-with", "tcp-reset"},
	{"-A", "FORWARD", "-p", "tcp", "-d", ServiceCIDR, "-j", "REJECT", "--reject-with", "tcp-reset"},
}

func addPair() error {
	pair := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: nodeLink},
		PeerName:  hostLink, PeerNamespace: netlink.NsFd(hostNetFD),
	}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("add interface %s: %w", nodeLink, err)
	}
	if err := setAddress(nodeLink, NodeIP); err != nil {
		return err
	}
	link, err := netlink.LinkByName(nodeLink)
	if err != nil {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP(hostIP)})
}

// ConfigureHost gives the host's end of the pair its address, which answers to the host
// and the node only. It runs on the host, after Enter has returned in the sandbox.
func ConfigureHost() error {
	if err := addGuard(); err != nil {
		return err
	}
	return setAddress(hostLink, hostIP)
}

// RemoveLink removes the pair of interfaces. The kernel does so by itself once the
// sandbox has ended, but it may need a minute for the networks of hundreds of pods.
// Until then another node would find its addresses in use.
func RemoveLink() error {
	link, err := netlink.LinkByName(hostLink)
	var notFound netlink.LinkNotFoundError
	if errors.As(err, &notFound) {
		return nil
	}
	if err == nil {
		err = netlink.LinkDel(link)
	}
	if err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove interface %s: %w", hostLink, err)
	}
	return nil
}

// setAddress gives an interface its address and turns it on.
func setAddress(name, ip string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find interface %s: %w", name, err)
	}
	addr := &netlink.Addr{IPNet: &net.IPNet{IP: net.ParseIP(ip), Mask: net.CIDRMask(linkBits, 32)}}
	if err := netlink.AddrAdd(link, addr); err != nil {
		return fmt.Errorf("add address %s to %s: %w", ip, name, err)
	}
	return netlink.LinkSetUp(link)
}

func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// RangeInUse returns the destination of a route of the host that overlaps Range, or
// "" if there is none.
func RangeInUse() (string, error) {
	_, ours, err := net.ParseCIDR(Range)
	if err != nil {
		return "", err
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return "", fmt.Errorf("list routes: %w", err)
	}
	for _, route := range routes {
		if route.Dst != nil && overlaps(ours, route.Dst) {
			return route.Dst.String(), nil
		}
	}
	return "", nil
}

// overlaps is false for a default route: it contains every address.
func overlaps(ours, other *net.IPNet) bool {
	ones, _ := other.Mask.Size()
	return ones > 0 && (ours.Contains(other.IP) || other.Contains(ours.IP))
}

// TryPair makes and removes a pair of virtual interfaces, and returns the error when
// the kernel cannot do that.
func TryPair() error {
	pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "kn-try0"}, PeerName: "kn-try1"}
	if err := netlink.LinkAdd(pair); err != nil {
		return err
	}
	return netlink.LinkDel(pair)
}
