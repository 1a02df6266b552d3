//go:build e2e

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TestVirtualMachineHandler has a function start cold in a virtual machine: on a handler that
// testdata/e2e/vmrunc makes of the node's runc, Debian's QEMU and Debian's kernel. The
// processor is emulated, so that no /dev/kvm is needed.
func TestVirtualMachineHandler(t *testing.T) {
	text := vmHandler(t)
	defer removeHandler(t, addHandler(t, text))
	file := filepath.Join(t.TempDir(), "run.jsonl")
	r := kn(t, "single", "--runtime-class", "vm", "--iterations", "1", "--services-per-class", "1", "--client-timeout", "2m", "--run-file", file)
	t.Log(r)
	run, err := record.ReadFile(file)
	if err != nil || r.code != exitOK || len(run.Samples) != 2 {
		t.Fatalf("exit code %d, %v", r.code, err)
	}
	for _, s := range run.Samples {
		if s.Outcome != record.OK || s.Cold != record.Proven {
			t.Errorf("%s, %s: %s", s.Outcome, s.Cold, s.Error)
		}
	}
	found := measureCosts(t, exitOK, "vm", "--starts", "1")
	checkCosts(t, found[0], 1)
	if !slices.ContainsFunc(found[0].Idle, func(p idleProcess) bool { return p.Program == "qemu-system-x86_64" }) {
		t.Errorf("no QEMU is among the processes of an instance: %+v", found[0].Idle)
	}
	wantNoCostsLeft(t)
	wantNothingLeft(t)
}

// vmHandler is the handler as add-handler takes it. Where this machine cannot have it, the
// test is skipped.
func vmHandler(t *testing.T) string {
	t.Helper()
	const kernelPackage = "linux-image-cloud-amd64"
	if _, err := os.Stat("/usr/bin/qemu-system-x86_64"); err != nil {
		t.Skipf("no handler of virtual machines: %v; install it: apt-get install qemu-system-x86", err)
	}
	out, err := exec.Command("apt-cache", "depends", kernelPackage).Output()
	_, after, found := strings.Cut(string(out), "Depends: linux-image-")
	if err != nil || !found {
		t.Skipf("no handler of virtual machines: apt knows no package %s, which only Debian for amd64 has: %v", kernelPackage, err)
	}
	folder := t.TempDir()
	script := "apt-get download -q linux-image-" + strings.Fields(after)[0] + " && dpkg-deb -x linux-image-*.deb . && " +
		"mv boot/vmlinuz-* kernel && mv lib/modules/* modules"
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("fetch Debian's kernel: %v: %s", err, out)
	}
	// The node sees the folder, and QEMU, which does not run as root, the kernel in it.
	runc, err := filepath.Abs(filepath.Join(build, "node", "bin", "runc"))
	if err != nil {
		t.Fatal(err)
	}
	return "vm=" + buildTestdata(t, "vmrunc") + ",env=VMRUNC_REAL=" + runc + ",env=VMRUNC_KERNEL=" + filepath.Join(folder, "kernel") +
		",env=VMRUNC_MODULES=" + filepath.Join(folder, "modules") + ",needs=/usr/bin/qemu-system-x86_64"
}
