package record

// The types in this file are not lines of a run file; see survey.go.

// Workers say which workers a run wants in the cluster.
type Workers struct {
	// Count is how many there are; none where this program sends all requests itself.
	Count int
	// Image is that of this program.
	Image string
	// NodeSelector are labels of the nodes on which they may run.
	NodeSelector map[string]string
	// Replaced says that others take the places of those that end.
	Replaced bool
}

// Worker is a program in the cluster that sends requests of a run.
type Worker struct {
	// Name is that of its pod, and Node where that runs.
	Name, Node string
	// Token is the run's. The worker takes nothing without it.
	Token string
}
