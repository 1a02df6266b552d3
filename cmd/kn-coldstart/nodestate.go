package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// nodeStateDir is where the embedded node keeps its state.
const nodeStateDir = "/var/lib/knative-node"

// nodeIsUp says whether the embedded node of a state folder runs and has booted. The
// folder of a node that was killed is still there, with a kubeconfig that leads nowhere.
func nodeIsUp(stateDir string) bool {
	text, err := os.ReadFile(filepath.Join(stateDir, "node.json"))
	if err != nil {
		return false
	}
	// The node's program writes this note; package note of it says how.
	var first struct {
		PID       int    `json:"pid"`
		StartTime string `json:"startTime"`
		Booting   bool   `json:"booting"`
	}
	if err := json.Unmarshal(text, &first); err != nil || first.Booting {
		return false
	}
	return first.StartTime != "" && startTime(first.PID) == first.StartTime
}

// startTime is when a process started, in clock ticks since the machine booted, or "" if
// there is no such process. Together with the PID it identifies a process.
func startTime(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The second field is the program's name in brackets, which may itself hold spaces and
	// brackets. The start time is the 22nd field.
	const afterName = 22 - 3
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) <= afterName {
		return ""
	}
	return fields[afterName]
}
