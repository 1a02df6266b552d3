// Package ksvc is the client of Kubernetes and Knative: it creates the services of a
// run, changes and restores settings, and deletes what it created. The packages below
// it do the rest: feed follows resource types, watch sees what becomes of services and
// proves with it, deploy measures how they come and go, check looks at a cluster before a
// run, ingress finds the way in, otlp and usage collect spans and the use of memory and
// CPU. Package cluster puts all of them behind one type, which is what a program needs to
// know.
//
// Knative owns the objects, so ksvc changes none but its own Services, and those only
// by creating and deleting them. The one exception is ConfigChange, which records the
// prior values on the object that it changes.
//
// The first request of a Client fails within ContactLimit if the API server does not
// answer. A server that has answered once is waited for patiently, because it may just
// be restarting.
//
// A node is a node of the cluster, and the host is the computer that this program runs
// on. They may be the same.
package ksvc
