package node

import (
	"testing"
)

func TestLocate(t *testing.T) {
	processes := []hostProcess{{pid: 101, sandboxPID: 7, program: "kube", memoryBytes: 1}, {pid: 102, sandboxPID: 8, program: "activator", memoryBytes: 2}}
	for _, c := range []struct {
		name string
		ask  sandboxStatus
		want int
	}{
		{"a daemon, by its PID", sandboxStatus{ComponentStatus{Name: "kubelet"}, 7}, 101},
		{"a workload, by its program", sandboxStatus{ComponentStatus{Name: "activator"}, 0}, 102},
		{"a workload without a process", sandboxStatus{ComponentStatus{Name: "webhook"}, 0}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := locate(c.ask, processes).PID; got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}
