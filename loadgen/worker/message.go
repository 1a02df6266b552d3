package worker

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/loadgen/load"
)

// language is the version of the messages in this file. Coordinator and worker must have
// the same.
const language = 3

// tokenHeader carries the token of a run. Authorization would be the API server's.
const tokenHeader = "Kn-Coldstart-Token"

// What a worker is asked for, as paths. All are posted.
const (
	pathClock     = "/clock"
	pathOrder     = "/order"
	pathLines     = "/lines"
	pathStart     = "/start"
	pathStop      = "/stop"
	pathInstances = "/instances"
)

// clockAnswer is when a worker received a question and when it answered, on its clock.
type clockAnswer struct {
	Received time.Duration `json:"receivedNs"`
	Answered time.Duration `json:"answeredNs"`
	Language int           `json:"language"`
	Version  string        `json:"version"`
}

// order is what a worker is to send: a volley or a load.
type order struct {
	Client loadgen.Spec  `json:"client"`
	Share  loadgen.Share `json:"share"`
	Volley *volleyOrder  `json:"volley,omitempty"`
	Load   *loadOrder    `json:"load,omitempty"`
}

// volleyOrder are first requests, one to each target of the share.
type volleyOrder struct {
	Targets      []record.Target `json:"targets"`
	Arrival      loadgen.Arrival `json:"arrival"`
	Seed, Stream uint64
	Preconnect   bool `json:"preconnect,omitempty"`
}

// loadOrder is a share of a load.
type loadOrder struct {
	Target   record.Target `json:"target"`
	Schedule load.Schedule `json:"schedule"`
	Length   time.Duration `json:"lengthNs"`
	Seed     uint64        `json:"seed"`
	InFlight int           `json:"inFlight"`
}

// start says when the order begins, on the worker's clock.
type start struct {
	At time.Duration `json:"atNs"`
}

// instance is an instance that is Ready since an instant, of the worker's clock when it is told.
type instance struct {
	Pod   string        `json:"pod"`
	Since time.Duration `json:"sinceNs"`
}

// line is one line of what a worker tells of its order. An empty one is a sign of life.
type line struct {
	Ready bool `json:"ready,omitempty"`
	// Sent is a request of a volley that has ended.
	Sent *sent `json:"sent,omitempty"`
	// First is the first request of a load that was answered, Failed one that failed, Part what
	// became of a second, and Settled the first second of which there may be more to say.
	First   *record.Sample `json:"first,omitempty"`
	Failed  *record.Sample `json:"failed,omitempty"`
	Part    *load.Part     `json:"part,omitempty"`
	Settled int            `json:"settled,omitempty"`
	End     *end           `json:"end,omitempty"`
}

// sent is what became of the request to a target of the share.
type sent struct {
	Target int           `json:"target"`
	Sample record.Sample `json:"sample,omitzero"`
	// CutOff says why the request was cut off, and NotConnected why its connection could not be
	// opened beforehand. Then there is no sample.
	CutOff       string `json:"cutOff,omitempty"`
	NotConnected string `json:"notConnected,omitempty"`
}

// end is the last line.
type end struct {
	// Error says why the order was not done to its end.
	Error string `json:"error,omitempty"`
	// CPU is what the worker used of a processor for the order.
	CPU time.Duration `json:"cpuNs"`
}
