package sandbox

import (
	"errors"
	"fmt"
	"os/exec"
)

// guardChain is a chain of packet-filter rules on the host. Linux takes packets to any
// of its addresses on every interface: without the chain, a neighbouring machine that
// routes Range to this one would reach what listens at hostIP, and the node if the host
// forwards packets.
const guardChain = "KN-NODE"

var guardRules = [][]string{
	{"-A", guardChain, "-i", "lo", "-j", "RETURN"},
	{"-A", guardChain, "-i", hostLink, "-j", "RETURN"},
	{"-A", guardChain, "-d", Range, "-j", "DROP"},
}

// guardJump has every packet that comes in pass the chain, before it is routed.
var guardJump = []string{"PREROUTING", "-j", guardChain}

// addGuard drops packets to the node's addresses that come from elsewhere than the host
// and the node.
func addGuard() error {
	if err := RemoveGuard(); err != nil { // of a node whose folder was deleted
		return err
	}
	steps := append([][]string{{"-N", guardChain}}, guardRules...)
	steps = append(steps, append([]string{"-I"}, guardJump...))
	for _, step := range steps {
		if err := rawTable(step...); err != nil {
			return fmt.Errorf("keep other machines from the node: %w", err)
		}
	}
	return nil
}

// RemoveGuard removes what addGuard has added, or a part of it.
func RemoveGuard() error {
	if _, err := exec.LookPath("iptables"); err != nil || rawTable("-S", guardChain) != nil {
		return nil // there is none
	}
	var jump error
	if rawTable(append([]string{"-C"}, guardJump...)...) == nil {
		jump = rawTable(append([]string{"-D"}, guardJump...)...)
	}
	return errors.Join(jump, rawTable("-F", guardChain), rawTable("-X", guardChain))
}

func rawTable(args ...string) error {
	return run("iptables", append([]string{"-w", "-t", "raw"}, args...)...)
}
