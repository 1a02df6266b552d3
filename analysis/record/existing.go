package record

import "time"

// ExistingService is a service that was there before the run, and that the run
// measures as it is: it reads the service and sends requests to it, and changes
// nothing of it.
type ExistingService struct {
	Name string `json:"name"`
	// RuntimeClass is that of its template, or "default" where the template has none.
	RuntimeClass string `json:"runtimeClass"`
	// Revision is the one that has all of the service's traffic, and Image that of the
	// container that serves requests.
	Revision string `json:"revision"`
	Image    string `json:"image"`

	// What decides when the service returns to zero pods, each from the service's own
	// annotation, or else from the cluster's settings. GracePeriod is always the
	// cluster's.
	StableWindow   time.Duration `json:"stableWindowNs"`
	ScaleDownDelay time.Duration `json:"scaleDownDelayNs"`
	GracePeriod    time.Duration `json:"gracePeriodNs"`
	PodRetention   time.Duration `json:"podRetentionNs"`
	// Timeout is how long the service may take to answer a request. Knative also gives a
	// pod as long to end.
	Timeout time.Duration `json:"timeoutNs"`
}

// Key is what the samples of the service are counted under. It has the service's name,
// so that several services of one RuntimeClass are told apart.
func (s ExistingService) Key() Key { return Key{RuntimeClass: s.RuntimeClass, Variant: s.Name} }

// ScaledDown is how long after the last request Knative has no more use for the last
// pod. The pod then still has to end.
//
//	request ── stable window ── scale-down delay ── the longer of grace period and pod retention ──▶
//
// https://github.com/knative/serving/blob/v0.50.0/pkg/reconciler/autoscaling/kpa/scaler.go
// (handleScaleToZero)
func (s ExistingService) ScaledDown() time.Duration {
	return s.StableWindow + s.ScaleDownDelay + max(s.GracePeriod, s.PodRetention)
}
