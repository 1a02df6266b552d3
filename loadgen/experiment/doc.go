// Package experiment is the library: it measures cold starts of Knative Services on
// a cluster, from the checks before a run to the removal of what the run created.
//
// It knows the cluster only through the interfaces in cluster.go; package
// ksvc/cluster has the real one.
package experiment
