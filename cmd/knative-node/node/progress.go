package node

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// The kinds of progress.
const (
	StepStarted = "started"
	StepDone    = "done"
	Warned      = "warned"
	entered     = "entered" // the sandbox exists: the host can set up its end of the network
	ready       = "ready"
	failed      = "failed"
)

// Progress is one report of the boot.
type Progress struct {
	Kind string `json:"kind"`
	// Step is the name of the step.
	Step string `json:"step,omitempty"`
	// Detail is an error or a warning.
	Detail string `json:"detail,omitempty"`
	// Took is how long the step took.
	Took time.Duration `json:"tookNs,omitempty"`
}

// reporter writes progress as lines of JSON.
type reporter struct {
	mu  sync.Mutex
	out io.Writer
}

func (r *reporter) report(p Progress) {
	b, err := json.Marshal(p)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// When 'up' was killed, nobody reads this any more. The boot goes on.
	_, _ = r.out.Write(append(b, '\n'))
}

// step runs one step and reports it.
func (r *reporter) step(name string, do func() error) error {
	r.report(Progress{Kind: StepStarted, Step: name})
	start := time.Now()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r.report(Progress{Kind: StepDone, Step: name, Took: time.Since(start)})
	return nil
}
