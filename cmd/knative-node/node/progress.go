package node

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// Kinds of progress.
const (
	StepStarted = "started"
	StepDone    = "done"
	Warned      = "warned"
	Entered     = "entered" // the sandbox is there: the host may join it
	Ready       = "ready"
	Failed      = "failed"
)

// Progress is one thing that the boot reports.
type Progress struct {
	Kind string `json:"kind"`
	// Step names the step, Detail says more or holds the error.
	Step   string `json:"step,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Elapsed is since the boot began, Took since the step did.
	Elapsed time.Duration `json:"elapsedNs"`
	Took    time.Duration `json:"tookNs,omitempty"`
}

// reporter writes progress as lines of JSON.
type reporter struct {
	mu    sync.Mutex
	out   io.WriteCloser
	start time.Time
}

func (r *reporter) report(p Progress) {
	p.Elapsed = time.Since(r.start)
	b, err := json.Marshal(p)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// Nobody may be listening any more; the boot goes on all the same.
	_, _ = r.out.Write(append(b, '\n'))
}

// step runs one step and reports it.
func (r *reporter) step(name string, do func() error) error {
	r.report(Progress{Kind: StepStarted, Step: name})
	start := time.Now()
	if err := do(); err != nil {
		return &StepError{Step: name, Err: err}
	}
	r.report(Progress{Kind: StepDone, Step: name, Took: time.Since(start)})
	return nil
}

// StepError is a step of the boot that failed.
type StepError struct {
	Step string
	Err  error
}

func (e *StepError) Error() string { return e.Step + ": " + e.Err.Error() }
func (e *StepError) Unwrap() error { return e.Err }
