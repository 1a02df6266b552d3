package handler

import (
	"fmt"
	"os"
	"strings"
)

// devices are what virtual machines need of the host, by a part of the runtime type.
var devices = []struct {
	typePart string
	device   string
	without  string // what does not work without the device
}{
	{".kata", "/dev/kvm", "its virtual machines will not start, or be emulated"},
	{".kata", "/dev/vhost-vsock", "virtual machines of QEMU and Cloud Hypervisor cannot be reached (load the module vhost_vsock)"},
	{".urunc", "/dev/kvm", "only unikernels for Solo5's spt will start"},
}

// Lacks says what this machine lacks of what the handler needs. It may yet work.
func (h Handler) Lacks() []string { return h.lacks("") }

func (h Handler) lacks(root string) []string {
	var all []string
	for _, d := range devices {
		if _, err := os.Stat(root + d.device); err != nil && strings.Contains(h.RuntimeType, d.typePart) {
			all = append(all, fmt.Sprintf("handler %s: there is no %s: %s", h.Name, d.device, d.without))
		}
	}
	return all
}
