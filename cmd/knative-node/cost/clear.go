package cost

import (
	"context"
	"errors"
	"fmt"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"golang.org/x/sync/errgroup"
)

const (
	// clearLimit is how long it may take to remove everything.
	clearLimit = 3 * time.Minute
	// removeLimit is how long one instance may take to end. Then its processes are killed,
	// and it is removed again.
	removeLimit = 10 * time.Second
	// removesAtOnce is how many instances are removed at a time.
	removesAtOnce = 20
)

// clear removes everything in Namespace, and that itself.
func (r *runtimes) clear(ctx context.Context, machine Machine) error {
	return clearing(ctx, func(ctx context.Context) error {
		if err := r.removeInstances(ctx, machine); err != nil {
			return err
		}
		if err := r.removeImages(ctx); err != nil {
			return err
		}
		return r.removeNamespace(ctx)
	})
}

// clearInstances removes all instances, whatever state they are in.
func (r *runtimes) clearInstances(ctx context.Context, machine Machine) error {
	return clearing(ctx, func(ctx context.Context) error { return r.removeInstances(ctx, machine) })
}

// clearing tries again until nothing is left, because what hangs lets itself be removed only
// when its processes are killed.
func clearing(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(own(ctx), clearLimit)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("remove what was started: after %s: %w", clearLimit, err)
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func (r *runtimes) removeImages(ctx context.Context) error {
	all, err := r.client.ImageService().List(ctx)
	if err != nil {
		return err
	}
	for _, each := range all {
		// Its layers go with it.
		if err := r.client.ImageService().Delete(ctx, each.Name, images.SynchronousDelete()); err != nil {
			return err
		}
	}
	return nil
}

func (r *runtimes) removeNamespace(ctx context.Context) error {
	names, err := r.client.NamespaceService().List(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == Namespace {
			return r.client.NamespaceService().Delete(ctx, Namespace)
		}
	}
	return nil
}

// removeInstances removes all containers with their processes.
func (r *runtimes) removeInstances(ctx context.Context, machine Machine) error {
	containers, err := r.client.Containers(ctx)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(removesAtOnce)
	errs := make([]error, len(containers))
	var ids []string
	for n, container := range containers {
		ids = append(ids, container.ID())
		group.Go(func() error {
			errs[n] = remove(ctx, container)
			return nil
		})
	}
	_ = group.Wait() // each has an error of its own
	// A runtime that did not create its container may have left processes of which
	// containerd knows nothing, and one that was killed leaves its groups.
	return errors.Join(errors.Join(errs...), machine.Kill(ids...), machine.RemoveGroups(prefix))
}

func remove(ctx context.Context, container containerd.Container) error {
	ctx, cancel := context.WithTimeout(ctx, removeLimit)
	defer cancel()
	task, err := container.Task(ctx, nil)
	if err == nil {
		_, err = task.Delete(ctx, containerd.WithProcessKill)
	}
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("end container %s: %w", container.ID(), err)
	}
	if err := container.Delete(ctx, containerd.WithSnapshotCleanup); err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("delete container %s: %w", container.ID(), err)
	}
	return nil
}
