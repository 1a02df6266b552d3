// Package ksvc is everything that talks to Kubernetes: it creates Knative
// Services, waits for them, watches what becomes of them, finds the ingress in
// front of them and deletes them.
//
// Its stance: the cluster is observed, never asked twice. One watch per resource
// type, selected by the run's label, serves the whole run, however many services
// it has. Each event is stamped on the run's clock when it arrives; waiting,
// the proof that a start was cold, and the phases of a start are read from what
// was stamped. An interval in which a watch was down is remembered as a gap: what
// happened in it is unknown, not assumed.
//
// Knative owns the objects, so ksvc changes none but its own Services, and those
// only by creating and deleting them. The one exception is ConfigChange, which
// records the prior values on the object that it changes.
package ksvc
