package record

import (
	"errors"
	"slices"
	"time"
)

// Deployment is how one service came into being, or, in a line of type removal, how it
// went. Both lines of a service have the same batch. A service that was to be deployed and
// did not get ready has a line, too.
type Deployment struct {
	Type         Type   `json:"type"`
	RuntimeClass string `json:"runtimeClass"`
	Variant      string `json:"variant,omitempty"`
	Service      string `json:"service"`
	Namespace    string `json:"namespace,omitempty"`
	Batch

	// Attempts is how often the API server was asked for the creation, or the deletion. It
	// is asked again while it is too busy; the first time is the one that counts.
	Attempts int `json:"attempts,omitempty"`
	// Steps are when each step was reached as the client saw it, in their order. A step
	// that was not reached is not among them.
	Steps []DeployStep `json:"steps,omitempty"`
	// ServerSteps are the same by the API server's own timestamps, which are whole seconds
	// of its wall clock.
	ServerSteps []DeployStep `json:"serverSteps,omitempty"`
	// Failure says why the last step was not reached. It is empty if it was.
	Failure string `json:"failure,omitempty"`
	// RouteUnknown says why it is not known when a request would have got through the
	// ingress, although the service is Ready.
	RouteUnknown string `json:"routeUnknown,omitempty"`
}

// Batch is what a service was deployed with.
type Batch struct {
	// Services is how many services of the class were created together, and Together how
	// many of all classes.
	Services int `json:"services"`
	Together int `json:"together"`
	// Block counts those batches that were deployed only to see how long it takes. It is
	// zero for the services that requests are sent to.
	Block int `json:"block,omitempty"`
	// Discarded marks services that are in no figure, because they warm caches.
	Discarded bool `json:"discarded,omitempty"`
	// InitialScale is how many instances a service has to have to get Ready.
	InitialScale int `json:"initialScale"`
}

// DeployStepName names a step of a deployment or of a removal.
type DeployStepName string

// The steps of a deployment and of a removal.
const (
	StepCreateSent         DeployStepName = "createSent"         // the request to create the service was sent
	StepCreated            DeployStepName = "created"            // it was answered
	StepConfigurationReady DeployStepName = "configurationReady" // of Knative's parts of the service
	StepRevisionReady      DeployStepName = "revisionReady"
	StepIngressReady       DeployStepName = "ingressReady"
	StepRouteReady         DeployStepName = "routeReady"
	StepReady              DeployStepName = "ready"    // the service itself
	StepRoutable           DeployStepName = "routable" // a request gets through the ingress

	StepDeleteSent DeployStepName = "deleteSent" // the request to delete the service was sent
	StepDeleted    DeployStepName = "deleted"    // the service itself is gone
	StepGone       DeployStepName = "gone"       // so is all that Knative made of it
)

// DeploySteps are the steps of a deployment, in the order of tables. Knative reaches those
// between created and ready in no fixed order.
var DeploySteps = []DeployStepName{
	StepCreateSent, StepCreated, StepConfigurationReady, StepRevisionReady, StepIngressReady, StepRouteReady, StepReady, StepRoutable,
}

// RemovalSteps are the steps of a removal, in their order.
var RemovalSteps = []DeployStepName{StepDeleteSent, StepDeleted, StepGone}

// DeployStep is when a step was reached.
type DeployStep struct {
	Name DeployStepName `json:"name"`
	// At is on the run's clock.
	At time.Duration `json:"atNs"`
	// Clock says whose clock At is from, and Resolution how much earlier the step may have
	// been reached.
	Clock      string        `json:"clock"`
	Resolution time.Duration `json:"resolutionNs"`
}

// Key is what the deployment is counted under.
func (d *Deployment) Key() Key { return Key{d.RuntimeClass, d.Variant, d.Services} }

// Step is when the client saw that a step was reached, if it did.
func (d *Deployment) Step(name DeployStepName) (time.Duration, bool) {
	for _, s := range d.Steps {
		if s.Name == name {
			return s.At, true
		}
	}
	return 0, false
}

var (
	errBatch = errors.New("its counts contradict one another")
	errSteps = errors.New("its steps contradict one another")
)

// check refuses a batch that nobody can have deployed, and steps that nobody can have seen:
// two of one name, one of the other way, or one before the request that began them.
func (d *Deployment) check() error {
	if d.Services < 1 || d.Together < d.Services || d.Together > mostServices || d.Block < 0 || d.InitialScale < 0 {
		return errBatch
	}
	way := DeploySteps
	if d.Type == TypeRemoval {
		way = RemovalSteps
	}
	begin, _ := d.Step(way[0])
	seen := map[DeployStepName]bool{}
	for _, s := range d.Steps {
		if !slices.Contains(way, s.Name) || seen[s.Name] || s.At < begin || s.Resolution < 0 {
			return errSteps
		}
		seen[s.Name] = true
	}
	return nil
}
