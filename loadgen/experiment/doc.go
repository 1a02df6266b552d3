// Package experiment is the library: it measures cold starts of Knative Services on
// a cluster, from the checks before a run to the removal of what the run created.
//
//	Run ─┬─ survey ────── checks; nothing is created if one fails
//	     ├─ run file ──── the header is written
//	     ├─ watches ───── what happens from here on is seen
//	     ├─ deployment ── services are created, Ready, at zero, reachable
//	     ├─ experiment ── requests; each sample is on disk before the next is sent
//	     └─ close ─────── last line; what was changed is restored, what was created removed
//
// How the services of a Scale are deployed and removed is part of what it measures: of a
// run that has come to its end the last line follows the removal.
//
// Existing measures services that exist already. Then the deployment only waits until
// they are at zero, and nothing is removed.
//
// An experiment is one small file that says only what is its own: single.go, existing.go,
// scale.go, limit.go, load.go, ab.go. Two ways to send first requests that they share are
// in turns.go (one cold start at a time) and rounds.go (many together); deployrounds.go
// deploys services only to see how long it takes. Requests at a rate are package load's.
//
// The package knows the cluster only through the interfaces in cluster.go; package
// ksvc/cluster has the real one. It prints nothing: an Observer is told how a run
// goes, and the run file has all that was measured.
//
// Words: a trial is one cold start, from zero pods to zero pods. A block is one
// randomised pass over all classes. A round is services that are fired together
// once. A plan is the order of trials or rounds.
package experiment
