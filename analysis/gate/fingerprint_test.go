package gate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func measuredOn() record.Header {
	return record.Header{
		Command:  "scale",
		Settings: record.Settings{Arrival: "burst", StableWindow: 300 * time.Second, Iterations: 15, ServicesPerClass: 5, Other: map[string]any{"labels": []any{"a"}}},
		Classes:  []record.Class{{Name: "runc", Image: "app:1", ImageDigest: "sha256:1"}, {Name: "gvisor", Image: "app:1"}},
		Cluster:  record.Fingerprint{Kernel: "6.1", CPUs: 2, MemoryBytes: 8 << 30, Handlers: []string{"runc 1.3"}},
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
	if got := without(list, []string{"imageDigest"}); len(got) != 1 || got[0].Field != "kernel" {
		t.Errorf("left %v", got)
	}
}
