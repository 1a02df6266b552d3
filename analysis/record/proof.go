package record

// Proof is the evidence by which it is known who answered a request, and with it
// whether the request was a cold start.
//
// What every proof shows is that an unbroken watch saw no pod of the revision when the
// request was sent, and that its deployment asked for none then. What no proof can show
// is that nobody else woke the service at the same time. The watch sees a scale-up only
// after a delay: the request has to reach the activator, the autoscaler has to hear of
// it and to change the deployment, and the watch has to bring the change.
//
//	stray request      ours is sent       the watch sees the scale-up
//	──────┬──────────────────┬──────────────────────────┬─────────────
//	      └──────── hidden ──┘                          │
//	      └──────────────── delay of the watch ─────────┘
//
// A stray request that was sent longer before ours than this delay is seen, and the
// sample is not proven. One that was sent later is not seen. The service then had a
// head start that is shorter than the delay, and so the latency of the sample is too
// short by less than the delay. Its phases requested and scaled show how long the delay
// is: the scale-up was caused by this request, or by one shortly before. On a quiet
// machine it is some 5 to 200 ms, and up to 2 s for a service that the autoscaler has
// not seen before. A scale-up that the watch sees so soon that this request cannot be
// its cause makes the sample unknown.
//
// ProofAnswer sees more: a function that counts its requests tells if it had served a
// stray request first.
type Proof string

// The proofs, the strongest first.
const (
	// ProofAnswer says that the function named its pod in the answer.
	ProofAnswer Proof = "answer"
	// ProofTrace says that queue-proxy's span of this request's trace names the pod.
	ProofTrace Proof = "trace"
	// ProofExclusion says that nothing told who answered, but that only pods that were
	// first seen after the request was sent can have. The watches of pods, deployments
	// and services were unbroken until the answer, and the route sent all requests to
	// the revision. The instance is named if there was one such pod only. Of a request
	// that nobody answered it says only that there was no pod when it was sent.
	ProofExclusion Proof = "exclusion"
)

// Proofs has all of them, the strongest first.
var Proofs = []Proof{ProofAnswer, ProofTrace, ProofExclusion}
