package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// job is what runs in the machine.
type job struct {
	Args, Env []string
	Cwd       string
	UID, GID  int
}

// port is where the function listens, as Knative has told it.
func (j job) port() string {
	for _, each := range j.Env {
		if port, found := strings.CutPrefix(each, "PORT="); found {
			return port
		}
	}
	return "8080"
}

// modules are what the machine's network card needs, in the order in which they are loaded.
var modules = []string{
	"drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_pci_modern_dev",
	"drivers/virtio/virtio_pci_legacy_dev", "drivers/virtio/virtio_pci",
	"net/core/failover", "drivers/net/net_failover", "drivers/net/virtio_net",
}

// writeInitrd writes an initramfs: the container's files, this program as /init, the
// modules, and the job.
func writeInitrd(path, rootfs string, j job) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	// QEMU runs as the container's user.
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	buffered := bufio.NewWriter(file)
	archive := &cpio{out: buffered}
	if err := archive.addTree(rootfs); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	archive.addFile("init", self)
	for _, name := range modules {
		archive.addFile("vmrunc-"+filepath.Base(name), filepath.Join(os.Getenv("VMRUNC_MODULES"), "kernel", name+".ko"))
	}
	for _, folder := range []string{"dev", "proc", "sys", "tmp"} {
		archive.add(folder, syscall.S_IFDIR|0o755, nil)
	}
	archive.add("vmrunc.json", syscall.S_IFREG|0o644, text)
	archive.add("TRAILER!!!", 0, nil)
	return errors.Join(archive.err, buffered.Flush())
}

// cpio writes an archive of the kernel's form "newc", in which all is root's.
type cpio struct {
	out   io.Writer
	files int
	err   error // the first
}

func (c *cpio) addTree(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, root+"/")
		switch mode := uint32(info.Mode().Perm()); {
		case info.IsDir():
			c.add(name, syscall.S_IFDIR|mode, nil)
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			c.add(name, syscall.S_IFLNK|mode, []byte(to))
		case info.Mode().IsRegular():
			c.addFile(name, path)
		}
		return c.err
	})
}

// addFile adds a file, which may be executed.
func (c *cpio) addFile(name, path string) {
	text, err := os.ReadFile(path)
	if err != nil && c.err == nil {
		c.err = err
	}
	c.add(name, syscall.S_IFREG|0o755, text)
}

func (c *cpio) add(name string, mode uint32, content []byte) {
	c.files++
	header := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		c.files, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0, name)
	c.write([]byte(header))
	c.write(content)
}

// write writes what is filled up to a multiple of four bytes.
func (c *cpio) write(text []byte) {
	if c.err == nil {
		_, c.err = c.out.Write(append(text[:len(text):len(text)], make([]byte, -len(text)&3)...))
	}
}
