package record

import "time"

// Scopes of a Resource.
const (
	ScopeNode     = "node"     // a whole node
	ScopeClass    = "class"    // all instances of a RuntimeClass together
	ScopeInstance = "instance" // one instance
	// ScopeTool is all that the program that measures took while it did,
	// ScopeToolInTrials what it took of that from a request until its sample was
	// written, over all samples.
	ScopeTool         = "tool"
	ScopeToolInTrials = "toolInTrials"
)

// Resource is one reading of what a node, the instances on it or this program
// used.
type Resource struct {
	Type Type `json:"type"`
	// At is when it was really read, which is not when it was due.
	At time.Duration `json:"atNs"`
	// Clock says whose clock At is from, where that is not the run's own, and
	// Resolution its step: see ClockKubelet.
	Clock      string        `json:"clock,omitempty"`
	Resolution time.Duration `json:"resolutionNs,omitempty"`
	// Span is how long before At the first part of a sum was read.
	Span time.Duration `json:"spanNs,omitempty"`

	Scope        string `json:"scope"`
	Node         string `json:"node,omitempty"`
	RuntimeClass string `json:"runtimeClass,omitempty"`
	UID          string `json:"uid,omitempty"`
	// Instances is how many instances a sum is made of.
	Instances int `json:"instances,omitempty"`
	// MemoryBytes is, of a node, what is not available to programs; of instances,
	// the working set of their pods' cgroups.
	MemoryBytes int64 `json:"memoryBytes,omitempty"`
	// WorkingSetBytes is that of the cgroup which holds a whole node, where there
	// is one: what the node uses without the rest of its machine.
	WorkingSetBytes int64 `json:"workingSetBytes,omitempty"`
	// CPU is the time used so far, since the node booted or the instance began.
	CPU time.Duration `json:"cpuNs,omitempty"`
	// CPUs is how many a node has.
	CPUs int `json:"cpus,omitempty"`
}
