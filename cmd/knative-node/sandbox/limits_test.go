package sandbox

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

const (
	low  = "net/ipv4/neigh/default/gc_thresh2"
	high = "net/ipv4/neigh/default/gc_thresh3"
	pids = "kernel/pid_max"
)

func TestLimitsAreRaisedAndPutBack(t *testing.T) {
	root, save := sysctlDir(t, map[string]int{low: 512, high: 1 << 20, pids: 1 << 22}), filepath.Join(t.TempDir(), "save")
	if err := raiseLimits(root, save); err != nil {
		t.Fatal(err)
	}
	wantLimits(t, root, map[string]int{low: limits[low], high: 1 << 20, pids: 1 << 22})
	if err := restoreLimits(root, save); err != nil {
		t.Fatal(err)
	}
	wantLimits(t, root, map[string]int{low: 512, high: 1 << 20, pids: 1 << 22})
}

func TestRestoreKeepsLimitsThatOthersChanged(t *testing.T) {
	root, save := sysctlDir(t, map[string]int{low: 512, high: 1024, pids: 32768}), filepath.Join(t.TempDir(), "save")
	if err := raiseLimits(root, save); err != nil {
		t.Fatal(err)
	}
	if err := writeLimit(root, high, 4096); err != nil {
		t.Fatal(err)
	}
	if err := restoreLimits(root, save); err != nil {
		t.Fatal(err)
	}
	wantLimits(t, root, map[string]int{low: 512, high: 4096, pids: 32768})
}

func TestLimitsThatCannotBeRead(t *testing.T) {
	root, save := sysctlDir(t, map[string]int{low: 512}), filepath.Join(t.TempDir(), "save")
	if err := raiseLimits(root, save); err == nil {
		t.Error("no error for a limit that cannot be read")
	}
	wantLimits(t, root, map[string]int{low: limits[low]})
	if err := restoreLimits(root, save); err != nil {
		t.Fatal(err)
	}
	wantLimits(t, root, map[string]int{low: 512})
}

func TestRestoreLimitsWithoutSaveFile(t *testing.T) {
	if err := restoreLimits(t.TempDir(), filepath.Join(t.TempDir(), "none")); err != nil {
		t.Error(err)
	}
}

// sysctlDir makes a folder that looks like /proc/sys.
func sysctlDir(t *testing.T, values map[string]int) string {
	t.Helper()
	root := t.TempDir()
	for key, value := range values {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, key)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := writeLimit(root, key, value); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func wantLimits(t *testing.T, root string, want map[string]int) {
	t.Helper()
	got := map[string]int{}
	for key := range want {
		value, err := readLimit(root, key)
		if err != nil {
			t.Fatal(err)
		}
		got[key] = value
	}
	if !maps.Equal(got, want) {
		t.Errorf("limits are %v, want %v", got, want)
	}
}
