package sandbox

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const hybrid = `25 1 0:22 / / rw - overlay none rw
30 25 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
32 30 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
malformed`

func TestHierarchies(t *testing.T) {
	want := []hierarchy{
		{mountPoint: "/sys/fs/cgroup/cpu,cpuacct", controllers: "cpu,cpuacct"},
		{mountPoint: "/sys/fs/cgroup/systemd"},
		{mountPoint: "/sys/fs/cgroup/unified", v2: true},
	}
	if diff := cmp.Diff(want, hierarchies([]byte(hybrid)), cmp.AllowUnexported(hierarchy{})); diff != "" {
		t.Error(diff)
	}
}

func TestLegacyTrees(t *testing.T) {
	for _, c := range []struct {
		name, membership string
		want             []legacyTree
	}{
		{"hybrid", "9:name=systemd:/\n4:memory:/a\n1:cpu,cpuacct:/\n0::/\n", []legacyTree{
			{"systemd", "none,name=systemd"}, {"memory", "memory"}, {"cpu,cpuacct", "cpu,cpuacct"},
		}},
		{"version 2 alone", "0::/user.slice\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, legacyTrees([]byte(c.membership)), cmp.AllowUnexported(legacyTree{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

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

// TestAddresses holds the node's addresses together: all in the range that
// preflight checks, ranges apart from one another.
func TestAddresses(t *testing.T) {
	ours := network(t, Range)
	for _, ip := range []string{HostIP, NodeIP, DNSServer, APIServer} {
		if !ours.Contains(net.ParseIP(ip)) {
			t.Errorf("%s is not in %s", ip, Range)
		}
	}
	pods, services := network(t, PodCIDR), network(t, ServiceCIDR)
	if pods.Contains(services.IP) || services.Contains(pods.IP) {
		t.Errorf("%s and %s overlap", PodCIDR, ServiceCIDR)
	}
	if !services.Contains(net.ParseIP(DNSServer)) {
		t.Errorf("%s is not in %s", DNSServer, ServiceCIDR)
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
