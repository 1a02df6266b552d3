//go:build e2e && soak

package main

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// fault is something that goes wrong while a run is under way.
type fault struct {
	name string
	// inject does it.
	inject func(*testing.T, *os.Process)
	// folder is where the run file is, and what removes it.
	folder func(*testing.T) (string, func())
	// mend waits until the cluster is well again, or removes what was left.
	mend func(*testing.T, *neighbour)
	// codes are the exit codes that the tool may have.
	codes []int
}

var faults = []fault{
	{"none", func(*testing.T, *os.Process) {}, folder, nothing, []int{exitOK}},
	killing("kube-apiserver"),
	killing("etcd"),
	killing("traefik"),
	killing("autoscaler"),
	killing("activator"),
	killing("containerd"),
	signalling("kill -9, then clean", syscall.SIGKILL, clean),
	signalling("SIGHUP", syscall.SIGHUP, nothing),
	signalling("SIGINT", syscall.SIGINT, nothing),
	{"full disk", func(*testing.T, *os.Process) {}, fullDisk, nothing, []int{exitFailed}},
}

func nothing(*testing.T, *neighbour) {}

// killing is the death of a component of the node. A run may fail of it, but not
// silently.
func killing(name string) fault {
	var killed component
	return fault{
		"kill " + name,
		func(t *testing.T, _ *os.Process) { killed = status(t, name); kill(t, killed) },
		folder,
		func(t *testing.T, _ *neighbour) {
			if killed.Name != "" {
				awaitBack(t, killed)
			}
		},
		[]int{exitOK, exitFailed},
	}
}

// signalling is a signal to the tool. One that comes when the tool has ended is none.
func signalling(name string, signal syscall.Signal, mend func(*testing.T, *neighbour)) fault {
	code := exitInterrupted
	if signal == syscall.SIGKILL {
		code = -1
	}
	return fault{
		name,
		func(t *testing.T, p *os.Process) {
			if err := p.Signal(signal); err != nil && err != os.ErrProcessDone {
				t.Error(err)
			}
		},
		folder, mend, []int{code, exitOK},
	}
}

// clean waits until the lease of the dead run is stale, and has clean remove what it
// left. The neighbour's run is alive.
func clean(t *testing.T, other *neighbour) {
	time.Sleep(time.Minute)
	r := kn(t, "clean", "--all-namespaces")
	if r.code != exitOK {
		t.Errorf("clean: exit code %d\n%s", r.code, r)
	}
	wantLeftAlone(t, r, other.id)
}

// folder is one that lasts until the turn is over.
func folder(t *testing.T) (string, func()) {
	path, err := os.MkdirTemp("", "soak-")
	if err != nil {
		t.Fatal(err)
	}
	return path, func() { _ = os.RemoveAll(path) } // below the folder for temporary files
}

// fullDisk is a disk that holds the first lines of a run only.
func fullDisk(t *testing.T) (string, func()) {
	path, remove := folder(t)
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=24k"); err != nil {
		t.Fatal(err)
	}
	return path, func() {
		if err := syscall.Unmount(path, 0); err != nil {
			t.Error(err)
		}
		remove()
	}
}
