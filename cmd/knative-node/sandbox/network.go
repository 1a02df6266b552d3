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

// Addresses of the node, in the range reserved for benchmarking networks
// (RFC 2544), which is routed nowhere.
const (
	HostIP      = "198.18.0.1"
	NodeIP      = "198.18.0.2"
	linkBits    = 30
	Range       = "198.18.0.0/15"
	PodCIDR     = "198.18.16.0/20"
	ServiceCIDR = "198.18.32.0/20"
	DNSServer   = "198.18.32.10"
	APIServer   = "198.18.32.1"

	// HostLink is the host's end of the pair of interfaces.
	HostLink = "kn-node0"
	nodeLink = "node0"
)

// sysctls are per network namespace: the host's stay as they are. Those that
// are not are limits.
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

// rules let in what the host itself sends, and hide pods behind the node's
// address from the host, which knows no way to theirs.
var rules = [][]string{
	{"-t", "raw", "-A", "PREROUTING", "-i", nodeLink, "!", "-s", HostIP, "-j", "DROP"},
	{"-t", "nat", "-A", "POSTROUTING", "-o", nodeLink, "!", "-s", NodeIP, "-j", "MASQUERADE"},
}

func addPair() error {
	pair := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: nodeLink},
		PeerName:  HostLink, PeerNamespace: netlink.NsFd(hostNetFD),
	}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("add interface %s: %w", nodeLink, err)
	}
	if err := address(nodeLink, NodeIP); err != nil {
		return err
	}
	link, err := netlink.LinkByName(nodeLink)
	if err != nil {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP(HostIP)})
}

// ConfigureHost gives the host's end of the pair its address. It runs on the
// host, once Enter is through.
func ConfigureHost() error { return address(HostLink, HostIP) }

// RemoveLink removes the pair of interfaces. The kernel does so too once the
// sandbox has ended, but takes a minute to take down hundreds of pods' networks,
// and until then another node finds its addresses in use.
func RemoveLink() error {
	link, err := netlink.LinkByName(HostLink)
	var gone netlink.LinkNotFoundError
	if errors.As(err, &gone) {
		return nil
	}
	if err == nil {
		err = netlink.LinkDel(link)
	}
	if err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove interface %s: %w", HostLink, err)
	}
	return nil
}

func address(name, ip string) error {
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

// RangeInUse names an address or route of the host that overlaps Range, or is
// empty.
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

// overlaps ignores a default route, which contains everything.
func overlaps(ours, other *net.IPNet) bool {
	ones, _ := other.Mask.Size()
	return ones > 0 && (ours.Contains(other.IP) || other.Contains(ours.IP))
}

// TryPair tells whether the kernel can make a pair of virtual interfaces.
func TryPair() error {
	pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "kn-try0"}, PeerName: "kn-try1"}
	if err := netlink.LinkAdd(pair); err != nil {
		return err
	}
	return netlink.LinkDel(pair)
}
