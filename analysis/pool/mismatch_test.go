package pool

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func measuredOn() record.Header {
	return record.Header{
		Command: "scale",
		Settings: record.Settings{Arrival: "burst", StableWindow: 300 * time.Second, Iterations: 15, ServicesPerClass: 5, Other: map[string]any{"labels": []any{"a"}},
			ExistingServices: []record.ExistingService{{Name: "shop", Revision: "shop-00001"}}},
		Classes: []record.Class{{Name: "runc", Image: "app:1", ImageDigest: "sha256:1"}, {Name: "gvisor", Image: "app:1"}},
		Cluster: record.Fingerprint{Kernel: "6.1", CPUs: 2, MemoryBytes: 8 << 30, Nodes: 1, Handlers: []string{"runc 1.3"}},
	}
}

func TestMismatches(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*record.Header)
		want   []Mismatch
	}{
		"the same": {func(*record.Header) {}, nil},
		"incidental settings": {func(h *record.Header) {
			h.Settings.Iterations, h.Settings.ServicesPerClass, h.Seed, h.RunID = 30, 9, 7, "another"
		}, nil},
		"what could not be read": {func(h *record.Header) { h.Cluster.Kernel, h.Cluster.Governor = "", "performance" }, nil},
		"memory of one machine":  {func(h *record.Header) { h.Cluster.MemoryBytes -= 100 << 20 }, nil},
		"a class more":           {func(h *record.Header) { h.Classes = append(h.Classes, record.Class{Name: "crun"}) }, nil},
		"another order of classes": {func(h *record.Header) {
			h.Classes[0], h.Classes[1] = h.Classes[1], h.Classes[0]
		}, nil},
		"a smaller machine": {func(h *record.Header) { h.Cluster.MemoryBytes, h.Cluster.CPUs = 4<<30, 1 },
			[]Mismatch{{"cpus", "2", "1"}, {"memoryBytes", "8589934592", "4294967296"}}},
		"another handler": {func(h *record.Header) { h.Cluster.Handlers = []string{"runc 1.4"} },
			[]Mismatch{{"handlers", `["runc 1.3"]`, `["runc 1.4"]`}}},
		"another arrival": {func(h *record.Header) { h.Settings.Arrival = "poisson:5" },
			[]Mismatch{{"settings.arrival", "burst", "poisson:5"}}},
		"a setting that this version does not know": {func(h *record.Header) { h.Settings.Other = map[string]any{"labels": []any{"b"}} },
			[]Mismatch{{"settings.labels", `["a"]`, `["b"]`}}},
		"a setting that only one has": {func(h *record.Header) { h.Settings.Limits = map[string]string{"cpu": "100m"} },
			[]Mismatch{{"settings.limits", "unset", `{"cpu":"100m"}`}}},
		"an unknown setting that only one has": {func(h *record.Header) { h.Settings.Other = nil },
			[]Mismatch{{"settings.labels", `["a"]`, "unset"}}},
		"a handler of a class that is not compared": {func(h *record.Header) { h.Cluster.Handlers = []string{"kata=kata", "runc 1.3"} }, nil},
		"a node more": {func(h *record.Header) {
			h.Cluster.Nodes, h.Cluster.CPUs, h.Cluster.MemoryBytes = 2, 4, 16<<30
		}, nil},
		"a node more, of another size": {func(h *record.Header) {
			h.Cluster.Nodes, h.Cluster.CPUs, h.Cluster.MemoryBytes = 2, 10, 16<<30
		}, []Mismatch{{"cpus", "2 a node", "5 a node"}}},
		"another revision of an existing service": {func(h *record.Header) {
			h.Settings.ExistingServices = []record.ExistingService{{Name: "cart", Revision: "cart-00009"}, {Name: "shop", Revision: "shop-00002", StableWindow: 1}}
		}, []Mismatch{{"revision", "shop-00001", "shop-00002"}}},
		"traced":          {func(h *record.Header) { h.Settings.Traces = true }, []Mismatch{{"settings.traces", "false", "true"}}},
		"not traced":      {func(h *record.Header) { h.Settings.Traces = false }, nil},
		"another command": {func(h *record.Header) { h.Command = "single" }, []Mismatch{{"command", "scale", "single"}}},
		"another image": {func(h *record.Header) { h.Classes[0].ImageDigest, h.Classes[1].Image = "sha256:2", "app:2" },
			[]Mismatch{{"imageDigest", "sha256:1", "sha256:2"}, {"image", "app:1", "app:2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			changed := measuredOn()
			c.change(&changed)
			if diff := cmp.Diff(c.want, Mismatches(measuredOn(), changed)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAMismatchInTracesSaysWhyItMatters(t *testing.T) {
	traced := measuredOn()
	traced.Settings.Traces = true
	list := Mismatches(traced, measuredOn())
	if len(list) != 1 || list[0].String() != "settings.traces is false, was true (tracing takes time)" {
		t.Errorf("got %v", list)
	}
}

func TestExpectedMismatchesAreNone(t *testing.T) {
	list := []Mismatch{{"kernel", "6.1", "6.2"}, {"imageDigest", "1", "2"}}
	if got := Without(list, []string{"imageDigest"}); len(got) != 1 || got[0].Field != "kernel" {
		t.Errorf("left %v", got)
	}
}

// Which runs may stand in one table.
func TestCheck(t *testing.T) {
	first, again, other := measuredOn(), measuredOn(), measuredOn()
	first.RunID, again.RunID, other.RunID = "1", "2", "3"
	other.Cluster.CPUModel = "Other CPU"
	first.Cluster.CPUModel, again.Cluster.CPUModel = "CPU", "CPU"
	if err := Check(first, again); err != nil {
		t.Errorf("runs of the same thing: %v", err)
	}
	if err := Check(first, again, first); !errors.Is(err, ErrCopy) || !strings.Contains(err.Error(), `run "1" is given twice`) {
		t.Errorf("a copy: %v", err)
	}
	if err := Check(first, again, other); !errors.Is(err, ErrDifferent) || !strings.Contains(err.Error(), "cpuModel is Other CPU, was CPU") {
		t.Errorf("another cluster: %v", err)
	}
	if err := Check(); err != nil {
		t.Errorf("no runs: %v", err)
	}
}
