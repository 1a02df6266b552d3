// Package cri asks containerd what the kubelet asks it: which handlers it knows, and which
// pods' sandboxes it has. It also removes sandboxes, and says which snapshotters there are.
package cri

import (
	"context"
	"errors"
	"fmt"

	"github.com/containerd/containerd/api/services/introspection/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Client talks to one containerd. It survives that containerd is started again.
type Client struct {
	connection *grpc.ClientConn
	runtime    runtime.RuntimeServiceClient
	plugins    introspection.IntrospectionClient
}

// Open returns a client of the containerd that listens on the socket. It does not connect
// yet.
func Open(socket string) (*Client, error) {
	connection, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("connect to containerd at %s: %w", socket, err)
	}
	return &Client{connection, runtime.NewRuntimeServiceClient(connection), introspection.NewIntrospectionClient(connection)}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.connection.Close() }

// Handlers are the names of the handlers that containerd knows.
func (c *Client) Handlers(ctx context.Context) ([]string, error) {
	status, err := c.runtime.Status(ctx, &runtime.StatusRequest{})
	if err != nil {
		return nil, fmt.Errorf("ask containerd for its handlers: %w", err)
	}
	var names []string
	for _, each := range status.RuntimeHandlers {
		if each.Name != "" { // the default handler stands there a second time, without a name
			names = append(names, each.Name)
		}
	}
	return names, nil
}

// Sandbox is what containerd has of one pod.
type Sandbox struct {
	ID string
	// Containers are the IDs of its containers.
	Containers []string
}

// Sandboxes are those of a handler, running or not.
func (c *Client) Sandboxes(ctx context.Context, handler string) ([]Sandbox, error) {
	list, err := c.runtime.ListPodSandbox(ctx, &runtime.ListPodSandboxRequest{})
	if err != nil {
		return nil, fmt.Errorf("list containerd's sandboxes: %w", err)
	}
	containers, err := c.runtime.ListContainers(ctx, &runtime.ListContainersRequest{})
	if err != nil {
		return nil, fmt.Errorf("list containerd's containers: %w", err)
	}
	var found []Sandbox
	for _, each := range list.Items {
		if each.RuntimeHandler != handler {
			continue
		}
		s := Sandbox{ID: each.Id}
		for _, container := range containers.Containers {
			if container.PodSandboxId == s.ID {
				s.Containers = append(s.Containers, container.Id)
			}
		}
		found = append(found, s)
	}
	return found, nil
}

// Remove ends a sandbox with its containers, and removes what containerd has of it.
func (c *Client) Remove(ctx context.Context, sandbox string) error {
	_, err := c.runtime.StopPodSandbox(ctx, &runtime.StopPodSandboxRequest{PodSandboxId: sandbox})
	if err == nil {
		_, err = c.runtime.RemovePodSandbox(ctx, &runtime.RemovePodSandboxRequest{PodSandboxId: sandbox})
	}
	if err != nil {
		return fmt.Errorf("remove sandbox %s: %w", sandbox, err)
	}
	return nil
}

// Snapshotters are all snapshotters that containerd is built with, each with the reason why
// it does not work, or nil.
func (c *Client) Snapshotters(ctx context.Context) (map[string]error, error) {
	list, err := c.plugins.Plugins(ctx, &introspection.PluginsRequest{Filters: []string{"type==io.containerd.snapshotter.v1"}})
	if err != nil {
		return nil, fmt.Errorf("ask containerd for its snapshotters: %w", err)
	}
	found := map[string]error{}
	for _, each := range list.Plugins {
		found[each.ID] = nil
		if each.InitErr != nil {
			found[each.ID] = errors.New(each.InitErr.Message)
		}
	}
	return found, nil
}
