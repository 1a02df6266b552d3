package node

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/cri"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
)

func TestProcessesOf(t *testing.T) {
	const folder = "/state/handlers/slow"
	processes := []sandboxProcess{
		{pid: 1, program: "/usr/bin/catatonit"},
		{pid: 2, parent: 1, program: "/state/handlers/slower/runc", args: []string{"/state/handlers/slower/runc", "create"}},
		{pid: 3, parent: 1, program: "/dist/containerd-shim-runc-v2", args: []string{"shim", "-id", "sandbox-1"}},
		{pid: 4, parent: 3, program: "/pause", cgroups: []string{"/kubepods/pod9/sandbox-1"}},
		{pid: 5, parent: 4, program: "/pause"},
		{pid: 6, parent: 1, program: "/app", cgroups: []string{"/", "/kubepods/pod9/container-1"}},
		{pid: 7, parent: 1, program: "/bin/dash", args: []string{"/bin/sh", folder + "/runc", "create"}},
		{pid: 8, parent: 1, program: folder + "/runc", args: []string{"runc", "create"}},
		{pid: 9, parent: 1, program: "/dist/containerd-shim-runc-v2", args: []string{"shim", "-id", "sandbox-2"}},
	}
	var found []int
	for _, p := range processesOf(processes, folder, []cri.Sandbox{{ID: "sandbox-1", Containers: []string{"container-1"}}}) {
		found = append(found, p.pid)
	}
	slices.Sort(found)
	if diff := cmp.Diff([]int{3, 4, 5, 6, 7, 8}, found); diff != "" {
		t.Error(diff)
	}
}

// The test's own process is read as it is.
func TestReadProcesses(t *testing.T) {
	all, err := readProcesses()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(p sandboxProcess) bool { return p.pid == os.Getpid() })
	if i < 0 {
		t.Fatal("this process is missing")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if p := all[i]; p.program != self || p.parent != os.Getppid() || !slices.Equal(p.args, os.Args) || len(p.cgroups) == 0 {
		t.Errorf("read %+v", p)
	}
}

func TestWantSnapshotter(t *testing.T) {
	all := map[string]error{"overlayfs": nil, "native": nil, "devmapper": errors.New("no pool")}
	for name, want := range map[string]string{
		"native":    "",
		"devmapper": "containerd's snapshotter devmapper does not work on this node: no pool",
		"nydus":     "containerd has no snapshotter nydus; it has native, overlayfs",
	} {
		err := wantSnapshotter(all, handler.Handler{Name: "x", Snapshotter: name})
		if (err == nil) != (want == "") || err != nil && !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}
