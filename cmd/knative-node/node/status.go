package node

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
)

// Status says how a node is.
type Status struct {
	Up bool `json:"up"`
	// Booting says that the node runs and Knative did not answer yet.
	Booting    bool   `json:"booting,omitempty"`
	Kubeconfig string `json:"kubeconfig,omitempty"`
	Ingress    string `json:"ingress,omitempty"`
	// IngressTLS is the address at which the ingress speaks https, and CA the file with
	// the certificate of the authority that has signed its certificate.
	IngressTLS string `json:"ingressTLS,omitempty"`
	CA         string `json:"ca,omitempty"`
	// MemoryBytes is the memory of all processes of the node. A page that several of
	// them share counts once: it is the sum of their proportional set sizes.
	MemoryBytes int64 `json:"memoryBytes,omitempty"`
	Processes   int   `json:"processes,omitempty"`
	// Handlers are the names of all handlers, UserHandlers those that the user has added.
	Handlers     []string          `json:"handlers,omitempty"`
	UserHandlers []handler.Handler `json:"userHandlers,omitempty"`
	Components   []ComponentStatus `json:"components,omitempty"`
}

// ComponentStatus says how one component is.
type ComponentStatus struct {
	Name string `json:"name"`
	// PID is the PID of the process on the host.
	PID     int  `json:"pid,omitempty"`
	Healthy bool `json:"healthy"`
	// Detail says why the component is not healthy.
	Detail      string `json:"detail,omitempty"`
	MemoryBytes int64  `json:"memoryBytes,omitempty"`
	Restarts    int    `json:"restarts"`
	LastExit    string `json:"lastExit,omitempty"`
}

// sandboxStatus is what the supervisor knows about a component. It cannot know the PID
// on the host.
type sandboxStatus struct {
	ComponentStatus
	// SandboxPID is the PID of a daemon inside the sandbox, and 0 for a workload.
	SandboxPID int `json:"sandboxPid"`
}

func (b *boot) components(ctx context.Context) []sandboxStatus {
	all := b.daemonStatus(ctx)
	for _, w := range workloads {
		s := sandboxStatus{ComponentStatus: ComponentStatus{Name: w.name, Healthy: true}}
		if err := available(ctx, b.client, w); err != nil {
			s.Healthy, s.Detail = false, err.Error()
		}
		all = append(all, s)
	}
	return all
}

func (b *boot) daemonStatus(ctx context.Context) []sandboxStatus {
	daemons := b.daemons() // in the order in which the group has started them
	states := b.group.States()
	all := make([]sandboxStatus, len(states))
	var wg sync.WaitGroup
	for i, state := range states {
		wg.Go(func() {
			s := ComponentStatus{Name: state.Name, Restarts: state.Restarts, LastExit: state.LastExit}
			if err := b.health.check(ctx, daemons[i]); err != nil {
				s.Detail = err.Error()
			}
			s.Healthy = state.Running && s.Detail == ""
			all[i] = sandboxStatus{s, state.PID}
		})
	}
	wg.Wait()
	return all
}

// Status asks the node that runs in the state folder how it is. Its error is
// note.ErrUnreadable as that of IsUp.
func (l Layout) Status(ctx context.Context) (*Status, error) {
	first, err := l.running()
	if err != nil || first == nil || first.Booting {
		return &Status{Booting: first != nil}, err
	}
	var components []sandboxStatus
	if err := l.call(ctx, 10*time.Second, http.MethodGet, "/status", nil, &components); err != nil {
		return nil, fmt.Errorf("ask the node for its status: %w", err)
	}
	names, err := l.HandlerNames()
	if err != nil {
		return nil, err
	}
	users, err := handler.ReadList(l.handlerList())
	if err != nil {
		return nil, err
	}
	processes, err := sandboxProcesses(first.PID)
	if err != nil {
		return nil, err
	}
	s := &Status{
		Up: true, Kubeconfig: l.Kubeconfig(), Ingress: Ingress, IngressTLS: IngressTLS, CA: l.CA(),
		Processes: len(processes), Handlers: names, UserHandlers: users,
	}
	for _, p := range processes {
		s.MemoryBytes += p.memoryBytes
	}
	for _, c := range components {
		s.Components = append(s.Components, locate(c, processes))
	}
	return s, nil
}

// locate adds the process on the host to a component's status. It finds a daemon by its
// PID in the sandbox, and a workload by the name of its program.
func locate(c sandboxStatus, processes []hostProcess) ComponentStatus {
	for _, p := range processes {
		if c.SandboxPID == p.sandboxPID || c.SandboxPID == 0 && c.Name == p.program {
			c.PID, c.MemoryBytes = p.pid, p.memoryBytes
			break
		}
	}
	return c.ComponentStatus
}
