package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// guest is what the first process of the machine does: it starts the function, and when that
// listens, it lets the network up. Before, QEMU keeps the requests that it has taken on.
// The machine ends with the function.
func guest() error {
	for _, each := range []struct{ kind, folder string }{{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}} {
		if err := unix.Mount(each.kind, each.folder, each.kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", each.folder, err)
		}
	}
	for _, name := range modules {
		if err := load("/vmrunc-" + filepath.Base(name)); err != nil {
			return fmt.Errorf("load %s: %w", name, err)
		}
	}
	if err := setUp("lo", [4]byte{127, 0, 0, 1}); err != nil {
		return err
	}
	text, err := os.ReadFile("/vmrunc.json")
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	cmd := exec.Command(j.Args[0], j.Args[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = j.Env, j.Cwd, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(j.UID), Gid: uint32(j.GID)}}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		err := errors.Join(awaitListener(j.port()), setUp("eth0", [4]byte{10, 0, 2, 15}))
		fmt.Println("vmrunc: the machine is up:", err)
	}()
	err = cmd.Wait()
	fmt.Println("vmrunc: the function has ended:", err)
	return unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART) // QEMU ends instead
}

func load(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return unix.FinitModule(int(file.Fd()), "", 0)
}

// awaitListener waits until something listens on the port. One that never does keeps the
// network down, and its requests waiting.
func awaitListener(port string) error {
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	listening := fmt.Sprintf(":%04X ", n)
	for {
		for _, path := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
			text, _ := os.ReadFile(path) // a kernel without IPv6 has only the first
			for line := range strings.Lines(string(text)) {
				words := strings.Fields(line)
				if len(words) > 3 && strings.HasSuffix(words[1]+" ", listening) && words[3] == "0A" {
					return nil
				}
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// setUp gives an interface an address, and lets it up.
func setUp(name string, address [4]byte) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := request.SetInet4Addr(address[:]); err != nil {
		return err
	}
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFADDR, request); err != nil {
		return fmt.Errorf("set the address of %s: %w", name, err)
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("let %s up: %w", name, err)
	}
	return nil
}
