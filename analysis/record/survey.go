package record

import "time"

// The types in this file are not lines of a run file. They are what an experiment
// and a cluster tell each other, and stand here because the two sides know only
// package record in common.

// Needs say what a run will ask of a cluster.
type Needs struct {
	// RuntimeClasses are the names of those under test.
	RuntimeClasses []string
	// ClientTimeout is how long the client will wait for an answer.
	ClientTimeout time.Duration
	// IngressAddress, HOST[:PORT], overrides the search for the ingress.
	IngressAddress string
	// Traces says that Knative will be made to report traces.
	Traces bool
	// Scheme is how requests are sent to the ingress: "http" or "https". Empty is http.
	Scheme string
	// Images are those that will run.
	Images []string
	// UserSpec says that the services' specs are the user's own. Then it is not known
	// what their containers ask for.
	UserSpec bool
	// Services are the names of services that exist, and that are measured as they are.
	// With them nothing is created, so that nothing is asked about that.
	Services []string
	// Native says that programs will also run on the computer that this program is on, in
	// place of a node. So it has to be the only one.
	Native bool
	// Workers are those that are to send the requests, if any.
	Workers Workers
	// Containers are the different resources that the function's container may have,
	// one for each side of an A/B run. They are not used if UserSpec is set.
	Containers []ContainerResources
}

// ContainerResources are what a container asks for: Kubernetes quantities by the name
// of the resource.
type ContainerResources struct {
	Requests, Limits map[string]string
}

// Survey is what was found of a cluster before a run.
type Survey struct {
	Checks  []Check
	Cluster Fingerprint
	// Handlers are the container runtime's names of RuntimeClasses, by class.
	Handlers map[string]string
	// ImageBytes are the sizes of those needed images that a node reports to have.
	ImageBytes map[string]int64
	// IngressAddress is HOST:PORT to connect to, with the port of the needed scheme. It
	// is empty where the ingress can be found only once a service exists.
	IngressAddress string
	// GracePeriod is how long Knative keeps the last pod of a service after the
	// stable window: its scale-to-zero-grace-period.
	GracePeriod time.Duration
	// Services are those that were asked for, in the order of the needs.
	Services []ExistingService
	// MaxRevisionTimeout is the longest that the cluster lets a revision take to
	// answer.
	MaxRevisionTimeout time.Duration
}

// CheckVerdict is what a check found.
type CheckVerdict string

// The verdicts of checks. A failure keeps a run from starting; a warning makes its
// numbers mean something else than one may think.
const (
	CheckOK   CheckVerdict = "ok"
	CheckWarn CheckVerdict = "warn"
	CheckFail CheckVerdict = "fail"
	// CheckUnread says that what the check is about could not be read.
	CheckUnread CheckVerdict = "not readable"
)

// Check is the result of looking at one thing in a cluster.
type Check struct {
	Name    string       `json:"name"`
	Verdict CheckVerdict `json:"verdict"`
	Message string       `json:"message"`
	// Hint says what to do; it is empty if nothing need be done.
	Hint string `json:"hint,omitempty"`
}

// Patience is how long a run waits for the cluster. A zero field means the
// cluster's own default.
type Patience struct {
	// Ready bounds the wait for a service to become Ready.
	Ready time.Duration
	// Zero bounds the wait for a service to return to zero pods.
	Zero time.Duration
}

// InstanceCount counts instances by pod UID.
type InstanceCount struct {
	// Spawned is how many were ever created, Alive how many exist now, Terminating
	// ones included, and Ready how many of those serve.
	Spawned, Alive, Ready int
}
