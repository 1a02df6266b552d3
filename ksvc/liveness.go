package ksvc

import (
	"time"

	coordination "k8s.io/api/coordination/v1"
)

// Liveness is what a lease says of its run.
type Liveness string

// The states of a run.
const (
	Alive Liveness = "alive"
	// Stale is a run that has not renewed its lease: it was killed, or its computer sleeps.
	Stale Liveness = "stale"
	// NoLease is a run that has ended, or was killed after its lease was removed.
	NoLease Liveness = "no lease"
)

// confirmation is how long a lease that looks stale is watched before it counts as such.
// The clock that stamps it is its holder's, and may differ from ours by more than the
// term; one who lives renews it twice in this time.
const confirmation = 2 * renewPause

// looks is what a lease says by its time stamp alone. Stale has to be confirmed.
func looks(l *coordination.Lease) Liveness {
	if l == nil {
		return NoLease
	}
	if age := time.Since(renewed(l)); -leaseTerm < age && age < leaseTerm {
		return Alive
	}
	return Stale
}

func renewed(l *coordination.Lease) time.Time {
	if l == nil || l.Spec.RenewTime == nil {
		return time.Time{}
	}
	return l.Spec.RenewTime.Time
}
