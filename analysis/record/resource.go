package record

import "time"

// Scopes of a Resource.
const (
	ScopeNode     = "node"     // a whole node
	ScopeClass    = "class"    // all instances of a RuntimeClass together
	ScopeInstance = "instance" // one instance
	// ScopeTool is all that this program used during the run. ScopeToolInTrials is the
	// part of it between sending a request and writing its sample, over all samples.
	ScopeTool         = "tool"
	ScopeToolInTrials = "toolInTrials"
)

// Resource is one reading of what a node, the instances on it or this program
// used.
type Resource struct {
	Type Type `json:"type"`
	// At is when it was read, which may be later than it was due.
	At time.Duration `json:"atNs"`
	// Clock says whose clock At is from if it is not the run's own, and Resolution is the
	// step of that clock: see ClockKubelet.
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
	// MemoryBytes is what is not available to programs if this is about a node, and the
	// working set of the pods' cgroups if it is about instances.
	MemoryBytes int64 `json:"memoryBytes,omitempty"`
	// CacheBytes is the part of what the kernel keeps of files: of a node all of it, which is
	// mostly available to programs; of instances that in the pods' cgroups.
	CacheBytes int64 `json:"cacheBytes,omitempty"`
	// WorkingSetBytes is the working set of the cgroup that holds a whole node, if there
	// is such a cgroup: what the node uses without the rest of its host.
	WorkingSetBytes int64 `json:"workingSetBytes,omitempty"`
	// CPU is the time used since the node booted or the instance began. Of a class it is
	// that of all instances that the run has read so far, those that are gone included.
	CPU time.Duration `json:"cpuNs,omitempty"`
	// CPUs is how many a node has.
	CPUs int `json:"cpus,omitempty"`
}
