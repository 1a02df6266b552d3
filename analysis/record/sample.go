package record

import (
	"strings"
	"time"
)

// Outcome is how one request ended. A request has exactly one outcome, and is never
// sent again.
type Outcome string

// The outcomes.
const (
	OK            Outcome = "ok"            // answered as the user expects
	Timeout       Outcome = "timeout"       // the client gave up: the latency is censored
	Refused       Outcome = "refused"       // nothing listened
	Reset         Outcome = "reset"         // the connection broke before the answer was complete
	HTTP          Outcome = "http"          // answered with another status, of HTTP or gRPC
	Body          Outcome = "body"          // answered with another body or header
	WrongInstance Outcome = "wrongInstance" // answered by an instance of another service
	Error         Outcome = "error"         // anything else; see Sample.Error
)

// Coldness says whether a sample was a cold start.
type Coldness string

// A sample is proven cold, seen to be warm, or neither.
const (
	Proven  Coldness = "proven"
	Warm    Coldness = "warm"
	Unknown Coldness = "unknown"
)

// Selected is why one request of a load was written down by itself.
type Selected string

// Of each second the first requests that failed are written down, and the slowest of those
// that were answered.
const (
	SelectedFailed  Selected = "failed"
	SelectedSlowest Selected = "slowest"
)

// NotExamined is the ColdReason of a sample until it was proven.
const NotExamined = "not examined"

// Sample is one request's record. Instants are on the run's clock and are zero
// when the request did not come that far.
type Sample struct {
	Type         Type   `json:"type"`
	RuntimeClass string `json:"runtimeClass"`
	// Variant is that of the class in the header.
	Variant string `json:"variant,omitempty"`
	// Services is how many services were fired together.
	Services int `json:"services"`
	// Block is the randomised pass over all classes that this trial is part of.
	Block int `json:"block"`
	// Discarded marks a start that is kept and is in no figure: those of the round that
	// warms caches, and the traced ones.
	Discarded bool `json:"discarded,omitempty"`
	// Traced marks a start that Knative's components reported, which takes time. Only the
	// figures of spans and the cost of tracing are made of it.
	Traced bool `json:"traced,omitempty"`
	// Selected says why a request of a load was written down. Such samples are discarded:
	// the figures of a load come from its intervals, which count every request.
	Selected  Selected `json:"selected,omitempty"`
	Service   string   `json:"service"`
	Namespace string   `json:"namespace"`
	Revision  string   `json:"revision,omitempty"`

	Intended  time.Duration `json:"intendedNs"`
	Sent      time.Duration `json:"sentNs"`
	Connected time.Duration `json:"connectedNs,omitempty"`
	// TLSHandshake is how long the TLS handshake took. It is part of connecting, which
	// ends at Connected.
	TLSHandshake time.Duration `json:"tlsHandshakeNs,omitempty"`
	Wrote        time.Duration `json:"wroteNs,omitempty"`
	FirstByte    time.Duration `json:"firstByteNs,omitempty"`
	Done         time.Duration `json:"doneNs"`
	// ClockUncertainty is how far all these instants may be off together, in both directions,
	// where another program sent the request: they were read from its clock. What lies between
	// two of them is exact all the same.
	ClockUncertainty time.Duration `json:"clockUncertaintyNs,omitempty"`
	// ResponseLatency is Done - Sent, from sending the request to having read the body.
	// Of a timeout it is a lower bound.
	ResponseLatency time.Duration `json:"responseLatencyNs"`
	// TTFB is FirstByte - Sent. It is zero when nothing came.
	TTFB time.Duration `json:"ttfbNs,omitempty"`
	// ClientTimeout is when the client would have given up.
	ClientTimeout time.Duration `json:"clientTimeoutNs"`

	Outcome Outcome `json:"outcome"`
	// Status is the status of HTTP, and GRPCStatus that of a call by gRPC, if it was one.
	Status     int  `json:"status,omitempty"`
	GRPCStatus *int `json:"grpcStatus,omitempty"`
	// BodyBytes is the size of the answer's body.
	BodyBytes int64  `json:"bodyBytes,omitempty"`
	Error     string `json:"error,omitempty"`
	// Trouble is what kept the instance of a request that failed from serving it, as
	// far as the cluster said.
	Trouble *Trouble `json:"trouble,omitempty"`

	Cold       Coldness `json:"cold"`
	ColdReason string   `json:"coldReason"`
	// Proof says by what evidence it is known who answered, and with it what Cold says.
	// It is empty where nothing tells.
	Proof Proof `json:"proof,omitempty"`
	// Instance is nil where nobody answered, and where several pods may have.
	Instance *Instance `json:"instance,omitempty"`
	// Pulled says that a node pulled an image for a pod that this request started. It is
	// as reliable as the events of the pods: one that was lost is not known to be missing.
	Pulled bool `json:"pulled,omitempty"`
	// WithPull is the setting of the sample's run. It stands in the header, not here.
	WithPull bool `json:"-"`
	// PulledBytes is the size of what was pulled, as far as the kubelet told it.
	PulledBytes int64     `json:"pulledBytes,omitempty"`
	Function    *Function `json:"function,omitempty"`
	// ClockOffset is the offset of the function's clock, where it was estimated.
	ClockOffset *ClockOffset `json:"clockOffset,omitempty"`
	Phases      []Phase      `json:"phases,omitempty"`
	// TraceID is the trace that the request began, in 32 hexadecimal digits. The lines of
	// its spans name it.
	TraceID string `json:"traceId,omitempty"`
	// Spans are written to lines of their own, because they arrive seconds after the
	// sample. Read puts them here, in the order in which they began.
	Spans []Span `json:"spans,omitempty"`
}

// Lateness is how long after its intended time the request was sent.
func (s Sample) Lateness() time.Duration { return s.Sent - s.Intended }

// Resolution is that of the instants: the step of the clock, and how far it may be off.
func (s *Sample) Resolution() time.Duration { return time.Nanosecond + s.ClockUncertainty }

// Censored says that the latency is known only to exceed ClientTimeout.
func (s Sample) Censored() bool { return s.Outcome == Timeout }

// Failed says that the request was answered wrongly or not at all.
func (s Sample) Failed() bool { return s.Outcome != OK }

// SpoiledByPull says that the sample was answered, but is no cold start like the others,
// because an image was pulled for it. One that failed is a failure with a pull, too.
func (s Sample) SpoiledByPull() bool { return s.Pulled && !s.WithPull && !s.Failed() }

// Instance is the pod that answered.
type Instance struct {
	Pod string `json:"pod"`
	UID string `json:"uid,omitempty"`
	// Node is where it ran.
	Node string `json:"node,omitempty"`
}

// Hostname is what the kubelet makes of a pod's name, and what a function knows of its
// instance.
func Hostname(pod string) string {
	const most = 63
	if len(pod) > most {
		pod = pod[:most]
	}
	return strings.TrimRight(pod, "-.")
}

// Function is what the function under test said of itself in its answer. Its
// instants are Unix nanoseconds of its own wall clock.
type Function struct {
	Pod string `json:"pod"`
	// Nonce is drawn once for each process.
	Nonce string `json:"nonce"`
	// ProcessStarted is what the kernel says, with the resolution of its tick.
	ProcessStarted           int64 `json:"processStartedUnixNs,omitempty"`
	ProcessStartedResolution int64 `json:"processStartedResolutionNs,omitempty"`
	MainEntered              int64 `json:"mainEnteredUnixNs"`
	Listening                int64 `json:"listeningUnixNs"`
	Answered                 int64 `json:"answeredUnixNs"`
	// Requests counts the requests that this process has served, with this one. It is 1
	// in the first answer of a process.
	Requests int64 `json:"requests"`
}

// PhaseName names a step of a cold start.
type PhaseName string

// The phases in their order.
const (
	PhaseRequested         PhaseName = "requested"
	PhaseScaled            PhaseName = "scaled"
	PhasePodCreated        PhaseName = "podCreated"
	PhasePodScheduled      PhaseName = "podScheduled"
	PhaseSandboxReady      PhaseName = "sandboxReady"
	PhaseContainersStarted PhaseName = "containersStarted"
	PhaseReady             PhaseName = "ready"
	PhaseFirstByte         PhaseName = "firstByte"
	PhaseDone              PhaseName = "done"
)

// PhaseNames are the phases in their order.
var PhaseNames = []PhaseName{
	PhaseRequested, PhaseScaled, PhasePodCreated, PhasePodScheduled, PhaseSandboxReady,
	PhaseContainersStarted, PhaseReady, PhaseFirstByte, PhaseDone,
}

// The clocks that a phase or a resource reading is from.
const (
	ClockClient   = "client"   // the run's monotonic clock
	ClockWatch    = "watch"    // arrival of a watch event, on the run's clock
	ClockAPI      = "api"      // a timestamp in the API, whole seconds of the server's wall clock
	ClockFunction = "function" // the function's wall clock, moved by the estimated offset
	ClockKubelet  = "kubelet"  // the wall clock of a node, whole seconds, taken as if it agreed with ours
)

// Phase is when a step of the cold start was reached.
type Phase struct {
	Name PhaseName `json:"name"`
	// At is on the run's clock.
	At time.Duration `json:"atNs"`
	// Clock says whose clock At is from, and Resolution is its step or uncertainty.
	Clock      string        `json:"clock"`
	Resolution time.Duration `json:"resolutionNs"`
	// Source says what was read: an object and its field, or an event.
	Source string `json:"source,omitempty"`
}
