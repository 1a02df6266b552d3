// Command vmrunc is a container runtime whose functions run in virtual machines, for the
// end-to-end tests. It is the runc at VMRUNC_REAL, except that a container which is neither
// a pod's sandbox nor its queue-proxy becomes a QEMU that emulates a processor:
//
//	pod's network namespace
//	  queue-proxy ──▶ QEMU (the container's process, in its cgroup) ──▶ kernel ──▶ function
//
// The machine boots the kernel VMRUNC_KERNEL with the modules of the folder VMRUNC_MODULES,
// and an initramfs that holds the container's files. It is slow, and has no volumes, no
// network but requests to one port, and no exit codes: it is there to have a handler of the
// virtualised kind.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

func main() {
	if os.Getpid() == 1 {
		fail(guest())
	}
	program := os.Getenv("VMRUNC_REAL")
	if slices.Contains(os.Args[1:], "create") {
		if err := virtualise(argument("--bundle")); err != nil {
			fail(err)
		}
	}
	fail(syscall.Exec(program, append([]string{program}, os.Args[1:]...), os.Environ()))
}

// argument is what follows a flag of the command line, or "".
func argument(flag string) string {
	if i := slices.Index(os.Args, flag); i >= 0 && i+1 < len(os.Args) {
		return os.Args[i+1]
	}
	return ""
}

// fail ends the program. Whoever runs a runtime reads its errors in the file that --log
// names.
func fail(err error) {
	fmt.Fprintln(os.Stderr, "vmrunc:", err)
	if log := argument("--log"); log != "" {
		line, _ := json.Marshal(map[string]string{"level": "error", "msg": "vmrunc: " + err.Error()}) // strings always can
		_ = os.WriteFile(log, append(line, '\n'), 0o600)                                              // it ends anyway
	}
	os.Exit(1)
}

// bundle is what is read of a container's configuration. All else in it stays as it is.
type bundle struct {
	Process struct {
		Args []string
		Env  []string
		Cwd  string
		User struct{ UID, GID int }
	}
	Annotations map[string]string
}

// inMachine says whether the container is to run in a machine of its own.
func (b bundle) inMachine() bool {
	return b.Annotations["io.kubernetes.cri.container-type"] != "sandbox" &&
		b.Annotations["io.kubernetes.cri.container-name"] != "queue-proxy"
}

// virtualise changes the configuration of a container so that it is a QEMU.
func virtualise(folder string) error {
	path := filepath.Join(folder, "config.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var b bundle
	var all map[string]any
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	if !b.inMachine() {
		return nil
	}
	job := job{Args: b.Process.Args, Env: b.Process.Env, Cwd: b.Process.Cwd, UID: b.Process.User.UID, GID: b.Process.User.GID}
	initrd := filepath.Join(folder, "initrd")
	if err := writeInitrd(initrd, filepath.Join(folder, "rootfs"), job); err != nil {
		return fmt.Errorf("make the machine's files: %w", err)
	}
	all["process"].(map[string]any)["args"] = qemu(job.port())
	mounts, _ := all["mounts"].([]any) // a container may have none
	for from, to := range map[string]string{"/usr": "/usr", "/usr/lib": "/lib", "/usr/lib64": "/lib64", initrd: "/initrd", os.Getenv("VMRUNC_KERNEL"): "/kernel"} {
		mounts = append(mounts, map[string]any{"type": "bind", "source": from, "destination": to, "options": []string{"rbind", "ro"}})
	}
	all["mounts"] = mounts
	if text, err = json.Marshal(all); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// qemu is the command line of the machine. Requests to the port are passed on to the
// function's.
func qemu(port string) []string {
	return []string{
		"/usr/bin/qemu-system-x86_64", "-accel", "tcg,tb-size=64", "-cpu", "max", "-m", "160M", "-nodefaults", "-no-reboot",
		"-display", "none", "-serial", "stdio", "-kernel", "/kernel", "-initrd", "/initrd",
		"-append", "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check",
		"-netdev", "user,id=pod,restrict=on,hostfwd=tcp::" + port + "-10.0.2.15:" + port,
		"-device", "virtio-net-pci,netdev=pod,romfile=",
	}
}
