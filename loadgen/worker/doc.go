// Package worker has the requests of an experiment sent by several programs, the workers,
// while one, the coordinator, leads them. Server is a worker, and Team is the coordinator's
// side of it. They speak HTTP; how a worker is reached is not known here.
//
//	coordinator                      worker
//	  │── clock, several times ────────▶│  how far its clock is ahead
//	  │── order: the plan, a share ────▶│
//	  │── lines ───────────────────────▶│  prepares its requests
//	  │◀──────────────────────── ready ─│
//	  │── start: an instant ───────────▶│  the same for all
//	  │◀──────── lines, as they come ───│  samples, or a load's seconds
//	  │◀────────────────────────── end ─│
//
// Requests go round the workers one by one, so that each is sent by exactly one of them,
// whatever the rate is: see loadgen.Share. Instants that a worker tells are moved to the
// run's clock by the estimated offset, and each sample says how uncertain that is. Latencies
// are differences of one clock, and stay as they are.
//
// What a worker has told is the coordinator's, whatever becomes of the worker. What it has
// not told is counted as missing. Nobody takes over its share, because that would be other
// requests at other times.
package worker
