package node

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Status is how a node is.
type Status struct {
	Up         bool   `json:"up"`
	Kubeconfig string `json:"kubeconfig,omitempty"`
	Ingress    string `json:"ingress,omitempty"`
	// MemoryBytes is what all of the node's processes use, shared pages counted
	// once (the sum of their proportional set sizes).
	MemoryBytes int64             `json:"memoryBytes,omitempty"`
	Processes   int               `json:"processes,omitempty"`
	Handlers    []string          `json:"handlers,omitempty"`
	Components  []ComponentStatus `json:"components,omitempty"`
}

// ComponentStatus is how one component is.
type ComponentStatus struct {
	Name string `json:"name"`
	// PID is the host's number of the process.
	PID     int  `json:"pid,omitempty"`
	Healthy bool `json:"healthy"`
	// Detail says what is wrong.
	Detail      string `json:"detail,omitempty"`
	MemoryBytes int64  `json:"memoryBytes,omitempty"`
	Restarts    int    `json:"restarts"`
	LastExit    string `json:"lastExit,omitempty"`
}

// serve answers GET /status on the control socket.
func (b *boot) serve() (*http.Server, error) {
	listener, err := net.Listen("unix", b.ControlSocket())
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(b.components(r.Context())) // the caller may have gone
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	return server, nil
}

// innerStatus is what the supervisor knows; PIDs are those of the sandbox.
type innerStatus struct {
	ComponentStatus
	Inner int `json:"innerPid"`
}

func (b *boot) components(ctx context.Context) []innerStatus {
	all := b.programs(ctx)
	for _, w := range workloads {
		s := innerStatus{ComponentStatus: ComponentStatus{Name: w.Name, Healthy: true}}
		if err := available(ctx, b.client, w); err != nil {
			s.Healthy, s.Detail = false, err.Error()
		}
		all = append(all, s)
	}
	return all
}

func (b *boot) programs(ctx context.Context) []innerStatus {
	components := b.Layout.components()
	states := b.group.States()
	all := make([]innerStatus, len(states))
	var wg sync.WaitGroup
	for i, state := range states {
		wg.Go(func() {
			s := ComponentStatus{Name: state.Name, Restarts: state.Restarts, LastExit: state.LastExit}
			if err := b.health.check(ctx, components[i]); err != nil {
				s.Detail = err.Error()
			}
			s.Healthy = state.Running && s.Detail == ""
			all[i] = innerStatus{s, state.PID}
		})
	}
	wg.Wait()
	return all
}

// Status asks the node in the state folder how it is.
func (l Layout) Status(ctx context.Context) (*Status, error) {
	instance, err := l.Running()
	if err != nil || instance == nil {
		return &Status{}, err
	}
	inner, err := l.ask(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the node for its status: %w", err)
	}
	processes, err := sandboxProcesses(instance.PID)
	if err != nil {
		return nil, err
	}
	s := &Status{
		Up: true, Kubeconfig: l.Kubeconfig(), Ingress: Ingress,
		Processes: len(processes), Handlers: l.Handlers(),
	}
	for _, p := range processes {
		s.MemoryBytes += p.memory
	}
	for _, c := range inner {
		s.Components = append(s.Components, locate(c, processes))
	}
	return s, nil
}

// locate finds a component's process as the host sees it: by its PID in the
// sandbox, or for a pod by the name of its program.
func locate(c innerStatus, processes []hostProcess) ComponentStatus {
	for _, p := range processes {
		if c.Inner == p.inner || c.Inner == 0 && c.Name == p.name {
			c.PID, c.MemoryBytes = p.pid, p.memory
			break
		}
	}
	return c.ComponentStatus
}

func (l Layout) ask(ctx context.Context) ([]innerStatus, error) {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", l.ControlSocket())
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://node/status", nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var all []innerStatus
	return all, json.NewDecoder(answer.Body).Decode(&all)
}
