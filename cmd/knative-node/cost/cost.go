// Package cost finds out what container runtimes cost to have, below Kubernetes: the size
// of their files with and without the libraries that they need, the processes and the
// memory of an idle instance, and the times to start and to stop instances, one after
// another and all at once.
//
// It starts its instances through containerd's own interface, in a part of containerd that
// is its own (Namespace), and removes all of them. Nothing else that runs is touched.
package cost

import (
	"context"
	"os"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
)

// Handler is what one handler costs.
type Handler struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Files are those that the handler consists of, Libraries what these need to run.
	Files     []File         `json:"files"`
	Libraries []File         `json:"libraries"`
	Needs     []handler.Need `json:"needs"`
	// Idle are the processes of one instance that does nothing.
	Idle []Process `json:"idle"`
	// InTurn are starts of which each began when the one before had been stopped. Those of
	// different handlers alternate.
	InTurn Starts `json:"inTurn"`
	// AtOnce are starts that began at the same time, for each number that was asked for.
	AtOnce []Starts `json:"atOnce"`
	// Error says why there is no instance of the handler: it could not be described, or it
	// did not start one.
	Error string `json:"error,omitempty"`
}

// File is a file with its size.
type File struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
}

// Process is a process of an instance.
type Process struct {
	PID int `json:"pid"`
	// Program is the file name of its program.
	Program string `json:"program"`
	// MemoryBytes is its proportional set size: of a page that n processes share, each of
	// them counts one n-th.
	MemoryBytes int64 `json:"memoryBytes"`
}

// Starts are starts and stops of one handler's instances.
type Starts struct {
	// Count is how many were asked for.
	Count int `json:"count"`
	// Start are the times from asking containerd for an instance until its process runs,
	// and Stop those from killing it until containerd has nothing of it any more. At once,
	// all times count from the same moment.
	Start []time.Duration `json:"startNs"`
	Stop  []time.Duration `json:"stopNs"`
	// MemoryBytes is the memory of all instances together while all of them run, and
	// Processes is how many processes they have.
	MemoryBytes int64 `json:"memoryBytes,omitempty"`
	Processes   int   `json:"processes,omitempty"`
	// Error is the first failure, or why nothing was started.
	Error string `json:"error,omitempty"`
}

// Bytes is the size of all files.
func Bytes(files []File) (sum int64) {
	for _, f := range files {
		sum += f.Bytes
	}
	return sum
}

// Memory is the memory of all processes.
func Memory(processes []Process) (sum int64) {
	for _, p := range processes {
		sum += p.MemoryBytes
	}
	return sum
}

// describe fills in what can be told without starting anything.
func describe(ctx context.Context, h handler.Handler, runcShim string) (Handler, error) {
	c := Handler{Name: h.Name, Version: h.Version, Needs: h.Needs(), Files: []File{}, Libraries: []File{}, Idle: []Process{}, AtOnce: []Starts{}}
	var err error
	if c.Version == "" {
		if c.Version, err = h.AskVersion(ctx); err != nil {
			return c, err
		}
	}
	seen := map[string]bool{}
	for _, path := range h.Files(runcShim) {
		c.Files = append(c.Files, size(path))
		libraries, err := h.Libraries(ctx, path)
		if err != nil {
			return c, err
		}
		for _, library := range libraries {
			if !seen[library] {
				seen[library] = true
				c.Libraries = append(c.Libraries, size(library))
			}
		}
	}
	return c, nil
}

// size is the size of a file, or 0 if it has gone since it was found.
func size(path string) File {
	info, err := os.Stat(path)
	if err != nil {
		return File{Path: path}
	}
	return File{path, info.Size()}
}
