package sandbox

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/procfs"
)

// TestJoinCgroup joins groups in a folder that stands for a mounted hierarchy.
func TestJoinCgroup(t *testing.T) {
	for _, c := range []struct {
		name     string
		version1 bool
		parent   map[string]string
		want     map[string]string
	}{
		{"version 1, cpuset", true, map[string]string{"cpuset.cpus": "0-1\n", "cpuset.mems": "0\n"},
			map[string]string{"cpuset.cpus": "0-1", "cpuset.mems": "0", "cgroup.procs": "0"}},
		{"version 1, another controller", true, nil, map[string]string{"cgroup.procs": "0"}},
		{"version 2", false, map[string]string{"cpuset.cpus": "0-1\n"}, map[string]string{"cgroup.procs": "0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			mountPoint := t.TempDir()
			for file, value := range c.parent {
				writeFile(t, filepath.Join(mountPoint, file), value)
			}
			for range 2 { // a node that was killed leaves its group
				if err := joinCgroup(mountPoint, c.version1); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(c.want, readFolder(t, filepath.Join(mountPoint, cgroupName))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRemoveGroup(t *testing.T) {
	group := filepath.Join(t.TempDir(), cgroupName)
	if err := os.MkdirAll(filepath.Join(group, "kubepods", "pod1"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to remove
		if err := removeGroup(group); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(group); !os.IsNotExist(err) {
		t.Errorf("the group is still there: %v", err)
	}
}

func TestVersion1Hierarchies(t *testing.T) {
	version2 := procfs.Cgroup{Path: "/user.slice"}
	for _, c := range []struct {
		name        string
		memberships []procfs.Cgroup
		want        map[string]string // mount options by the name of the folder
	}{
		{"both versions side by side", []procfs.Cgroup{
			{HierarchyID: 9, Controllers: []string{"name=systemd"}, Path: "/"},
			{HierarchyID: 4, Controllers: []string{"memory"}, Path: "/a"},
			{HierarchyID: 1, Controllers: []string{"cpu", "cpuacct"}, Path: "/"},
			version2,
		}, map[string]string{"systemd": "none,name=systemd", "memory": "memory", "cpu,cpuacct": "cpu,cpuacct"}},
		{"version 2 alone", []procfs.Cgroup{version2}, map[string]string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := map[string]string{}
			for _, h := range version1Hierarchies(c.memberships) {
				got[h.name] = h.mountOptions()
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// readFolder reads all files of a folder, by their names.
func readFolder(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(folder, path))
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
