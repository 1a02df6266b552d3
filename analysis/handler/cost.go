// Package handler knows what container runtimes cost to have: files, processes and memory of
// an idle instance, and the times to start and to stop one below Kubernetes. A run does not
// measure that; `kn-coldstart cluster handlers -o json` does, on the embedded node, and what
// it writes is read here.
package handler

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Cost is what one handler costs.
type Cost struct {
	// RuntimeClass is that of the runs which the handler stands behind.
	RuntimeClass string `json:"runtimeClass,omitempty"`
	Name         string `json:"name"`
	Version      string `json:"version"`
	// Files are those that the handler consists of, Libraries what these need to run.
	Files     []File `json:"files"`
	Libraries []File `json:"libraries"`
	// Idle are the processes of one instance that does nothing.
	Idle []Process `json:"idle"`
	// InTurn are starts of which each began when the one before had been stopped, and AtOnce
	// those that began at the same time, for each number of them.
	InTurn Starts   `json:"inTurn"`
	AtOnce []Starts `json:"atOnce"`
	// Error says why there is no instance of the handler.
	Error string `json:"error,omitempty"`
}

// File is a file with its size.
type File struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
}

// Process is a process of an instance, with its proportional set size.
type Process struct {
	Program     string `json:"program"`
	MemoryBytes int64  `json:"memoryBytes"`
}

// Starts are starts and stops of instances.
type Starts struct {
	// Count is how many were asked for. Those that failed are not among the times.
	Count int             `json:"count"`
	Start []time.Duration `json:"startNs"`
	Stop  []time.Duration `json:"stopNs"`
	// MemoryBytes is the memory of all together while all of them run.
	MemoryBytes int64 `json:"memoryBytes,omitempty"`
	// Error is the first failure.
	Error string `json:"error,omitempty"`
}

// Median is that of times of which so many were asked for: a failure where so many failed
// that it is one of them, and nil where none were.
func Median(times []time.Duration, count int) *stat.Point {
	return quantile(times, count, 0.5)
}

// Last is when all had come, as far as they did; see Median.
func Last(times []time.Duration, count int) *stat.Point { return quantile(times, count, 1) }

func quantile(times []time.Duration, count int, q float64) *stat.Point {
	if count == 0 {
		return nil
	}
	p := stat.NewRanked(times, nil, count-len(times)).Quantile(q)
	return &p
}

// Size is that of the files, and of these with their libraries.
func (c *Cost) Size() (files, all int64) {
	for _, f := range c.Files {
		files += f.Bytes
	}
	all = files
	for _, f := range c.Libraries {
		all += f.Bytes
	}
	return files, all
}

// Memory is that of an idle instance's processes.
func (c *Cost) Memory() (bytes int64) {
	for _, p := range c.Idle {
		bytes += p.MemoryBytes
	}
	return bytes
}

// Failure is the first thing that failed; empty if nothing did.
func (c *Cost) Failure() string {
	if c.Error != "" {
		return c.Error
	}
	for _, s := range append([]Starts{c.InTurn}, c.AtOnce...) {
		if s.Error != "" {
			return s.Error
		}
	}
	return ""
}

// Read reads costs, and refuses what nobody can have measured.
func Read(r io.Reader) ([]Cost, error) {
	var list []Cost
	decoder := json.NewDecoder(r)
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("read the costs of handlers: %w", err)
	}
	if decoder.More() {
		return nil, fmt.Errorf("read the costs of handlers: there is more than one list")
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("read the costs of handlers: there is none")
	}
	seen := map[string]bool{}
	for i := range list {
		c := &list[i]
		if problem := c.check(); problem != "" || seen[c.Name] {
			return nil, fmt.Errorf("read the costs of handlers: handler %q %s", c.Name, orTwice(problem))
		}
		seen[c.Name] = true
	}
	return list, nil
}

func orTwice(problem string) string {
	if problem == "" {
		return "is there twice"
	}
	return problem
}

// check says what cannot be; empty if all can.
func (c *Cost) check() string {
	if c.Name == "" {
		return "has no name"
	}
	for _, f := range append(slices.Clone(c.Files), c.Libraries...) {
		if f.Bytes < 0 {
			return "has a file of less than nothing"
		}
	}
	for _, p := range c.Idle {
		if p.MemoryBytes < 0 {
			return "has a process with less than no memory"
		}
	}
	for _, s := range append([]Starts{c.InTurn}, c.AtOnce...) {
		if !s.possible() {
			return "has starts that cannot be"
		}
	}
	return ""
}

func (s Starts) possible() bool {
	noTime := func(d time.Duration) bool { return d <= 0 }
	return s.Count >= len(s.Start) && s.Count >= len(s.Stop) && s.MemoryBytes >= 0 && !slices.ContainsFunc(s.Start, noTime) && !slices.ContainsFunc(s.Stop, noTime)
}
