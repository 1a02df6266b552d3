package live

import (
	"fmt"
	"net"
	"net/netip"
)

// Loopback is where nobody but this computer reaches.
const Loopback = "127.0.0.1"

// ParseAddress reads HOST:PORT, or :PORT, which is of this computer alone. It says whether
// other computers can reach it.
func ParseAddress(text string) (address string, open bool, err error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil || port == "" {
		return "", false, fmt.Errorf("%q is no :PORT and no HOST:PORT", text)
	}
	if host == "" || host == "localhost" {
		host = Loopback
	}
	ip, err := netip.ParseAddr(host)
	return net.JoinHostPort(host, port), err != nil || !ip.IsLoopback(), nil
}
