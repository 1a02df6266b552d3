package check

import (
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Programs run natively only where this computer is the one node.
func TestCheckNative(t *testing.T) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Skip(err)
	}
	node := func(bootID string) corev1.Node {
		var n corev1.Node
		n.Name, n.Status.NodeInfo.BootID = "n-"+bootID[:1], bootID
		return n
	}
	here := node(strings.TrimSpace(string(boot)))
	for want, nodes := range map[string][]corev1.Node{
		"this computer is the cluster's one node": {here},
		"the cluster has 2 nodes":                 {here, node("x")},
		"this computer is not node n-x":           {node("x")},
	} {
		r := &reader{needs: record.Needs{Native: true}}
		r.nodes.read, r.nodes.value = true, nodes
		c := checkNative(t.Context(), r)
		if !strings.Contains(c.Message, want) || (c.Verdict == record.CheckOK) != (len(nodes) == 1 && nodes[0].Name == here.Name) || (c.Hint == "") != (c.Verdict == record.CheckOK) {
			t.Errorf("%s: %+v", want, c)
		}
	}
	all := (&reader{needs: record.Needs{Native: true}}).preflight()
	if len(all) != len(preflight)+1 || all[len(all)-1].name != "native" {
		t.Errorf("%d checks, the last one is %s", len(all), all[len(all)-1].name)
	}
}
