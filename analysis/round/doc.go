// Package round says what became of the rounds of a run: how many instances came
// into being for each, how far they came, when they became Ready and answered, why a
// round fell short, and how much memory its instances took.
//
// A round is the services of one class that were fired together once, and what
// became of it. A round of a single service counts too, in a run whose shape says
// that it has rounds. An instance is a pod of a service's revision. A stage is how
// far an instance has come.
//
// Events about instances are replayed once, in the order of time, by the function
// replay. Whatever is counted of instances is a watcher of that replay: the counts
// of a round, the stages of services that were not answered, memory, and the
// timeline of a run.
//
// The package knows the records of a run and nothing else. Package analysis pools
// its results with those of the samples.
package round
