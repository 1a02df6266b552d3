package templates

import (
	_ "embed"
	"time"
)

//go:embed workers.yaml
var workersText string

var workersTemplate = parse("workers.yaml", workersText)

// WorkerPort is where a worker listens, and WorkerTokenVariable the variable of its
// environment that has the token of its run.
const (
	WorkerPort          = 8080
	WorkerTokenVariable = "KN_COLDSTART_WORKER_TOKEN"
)

// Workers is a job whose pods send the requests of a run.
type Workers struct {
	// Name is that of the job, and of the Secret with the token of the run.
	Name, Namespace string
	// Image is that of kn-coldstart, and Count how many pods of it there are.
	Image string
	Count int
	// Replacements is how many pods may take the place of each, one after the other.
	Replacements int
	// StartLimit is after how long the job ends unless the limit was taken away.
	StartLimit time.Duration
	// Labels are those of the job and of its pods. WorkerLabel is the one of them that nothing
	// else has, and Functions are those that the pods under test have, too.
	Labels, Functions map[string]string
	WorkerLabel       string
	NodeSelector      map[string]string
}

// Port is where a worker listens.
func (Workers) Port() int { return WorkerPort }

// TokenVariable is the variable that has the token.
func (Workers) TokenVariable() string { return WorkerTokenVariable }

// RenderWorkers fills in workers.yaml.
func RenderWorkers(w Workers) ([]byte, error) { return render(workersTemplate, w) }
