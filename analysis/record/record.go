// Package record is the record of a run: one header, then requests, samples, events,
// resource readings, spans, intervals, deployments and works as they happen, then one line
// that says how the run ended.
//
// A run file is JSON Lines and append-only. Everything that people are shown is
// computed from it again, so the types here are a public format: JSON names are
// the glossary's, durations are integer nanoseconds whose name ends in Ns, and
// instants are nanoseconds since the run's start on the run's monotonic clock.
package record

import "time"

// SchemaVersion is the version of the format that this package writes. It
// rises when a reader of an older version would misunderstand a file.
const SchemaVersion = 1

// Type says what a line holds.
type Type string

// The types of line. A request is written down when it has ended, and once more, with its
// proof, as a sample.
const (
	TypeRun        Type = "run"
	TypeRequest    Type = "request"
	TypeSample     Type = "sample"
	TypeEvent      Type = "event"
	TypeResource   Type = "resource"
	TypeSpan       Type = "span"
	TypeInterval   Type = "interval"
	TypeDeployment Type = "deployment"
	TypeRemoval    Type = "removal"
	TypeWork       Type = "work"
	TypeEnd        Type = "end"
)

// Header is the first line: what was run, with what, and where.
type Header struct {
	Type   Type   `json:"type"`
	Schema int    `json:"schema"`
	RunID  string `json:"runId"`
	Tool   Tool   `json:"tool"`
	// Command is the verb of the command line, for people. Programs go by Shape.
	Command string `json:"command"`
	// Shape is what readers need to know of the experiment.
	Shape Shape `json:"shape,omitzero"`
	// Settings are the options of the experiment, after defaults.
	Settings Settings    `json:"settings"`
	Classes  []Class     `json:"runtimeClasses"`
	Seed     uint64      `json:"seed"`
	Started  time.Time   `json:"started"`
	Cluster  Fingerprint `json:"cluster"`
	// Contents stands for when the run began and for all its samples: only copies of a
	// run have the same. It is not in the file: Read and Walk work it out, and it means
	// something within one process only. It is zero where there are no samples.
	Contents uint64 `json:"-"`
}

// Tool is the program that wrote the file.
type Tool struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
}

// The variants of an A/B run: a is the baseline, b the change.
const (
	VariantA = "a"
	VariantB = "b"
)

// Class is one RuntimeClass under test and the image it runs.
type Class struct {
	Name string `json:"name"`
	// Variant tells the sides of an A/B run apart, or services that existed before the
	// run, which may be of the same RuntimeClass. It is empty in other runs.
	Variant string `json:"variant,omitempty"`
	Handler string `json:"handler,omitempty"`
	Image   string `json:"image"`
	// ImageDigest is what the kubelet says it ran. It is known only once an instance has
	// run, so it is not in the first line: Read and Walk take it from EventImageDigest.
	ImageDigest string `json:"imageDigest,omitempty"`
	// ImageBytes is the size that a node reports of the image. It is zero if no node
	// had, or reported, the image before the run.
	ImageBytes int64 `json:"imageBytes,omitempty"`
}

// Fingerprint tells clusters apart: two runs whose fingerprints differ measured
// different things. A field that could not be read is empty. Of the fields that end the
// list, an empty map or slice was read and has nothing in it, and nil was not read.
type Fingerprint struct {
	Kubernetes       string   `json:"kubernetes,omitempty"`
	Knative          string   `json:"knative,omitempty"`
	IngressClass     string   `json:"ingressClass,omitempty"`
	Ingress          string   `json:"ingress,omitempty"`
	ContainerRuntime string   `json:"containerRuntime,omitempty"`
	Kernel           string   `json:"kernel,omitempty"`
	OS               string   `json:"os,omitempty"`
	Architecture     string   `json:"architecture,omitempty"`
	CPUModel         string   `json:"cpuModel,omitempty"`
	CPUs             int      `json:"cpus,omitempty"`
	MemoryBytes      int64    `json:"memoryBytes,omitempty"`
	Governor         string   `json:"governor,omitempty"`
	Boost            string   `json:"boost,omitempty"`
	Nodes            int      `json:"nodes,omitempty"`
	Handlers         []string `json:"handlers,omitempty"`

	// KnativeSettings are those settings of Knative that move cold starts, by
	// CONFIGMAP/KEY. A setting that has Knative's own default is left out.
	KnativeSettings map[string]string `json:"knativeSettings,omitzero"`
	// QueueProxyImage is the image of the sidecar that Knative adds to each instance.
	QueueProxyImage string `json:"queueProxyImage,omitempty"`
	// Activator says how many replicas the activator has, and their resources.
	Activator string `json:"activator,omitempty"`
	// LimitRanges and ResourceQuotas are those of the run's namespace, one line each.
	LimitRanges    []string `json:"limitRanges,omitzero"`
	ResourceQuotas []string `json:"resourceQuotas,omitzero"`
	// Unread names what of the above could not be read: a ConfigMap, or a field.
	Unread []string `json:"unread,omitempty"`
}

// The ways in which a run ends.
const (
	EndCompleted   = "completed"
	EndInterrupted = "interrupted"
	EndFailed      = "failed"
)

// End is the last line.
type End struct {
	Type    Type          `json:"type"`
	At      time.Duration `json:"atNs"`
	Reason  string        `json:"reason"`
	Error   string        `json:"error,omitempty"`
	Samples int           `json:"samples"`
	// Intervals is how many intervals the run wrote.
	Intervals int `json:"intervals,omitempty"`
	// Deployments is how many deployments and removals the run wrote.
	Deployments int `json:"deployments,omitempty"`
	// Works is how many works the run wrote.
	Works int `json:"works,omitempty"`
}
